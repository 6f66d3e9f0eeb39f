"""Signing in: with which account, what may be tried, two-factor codes, and a session that is saved between runs."""
