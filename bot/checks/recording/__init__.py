"""``countermand record``: a person shows the screens, and what is seen becomes a draft of a pack."""
