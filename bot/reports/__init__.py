"""What people are told of a run: while it works, at its end, and later."""
