"""Looking at the screens without canceling anything."""
