"""What people see of a run: while it works, at its end, and later."""
