"""The manual, as code: signing in, opening an order, reading it, canceling it."""
