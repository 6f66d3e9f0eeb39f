"""The safety kernel: what must be proved before Confirm is pressed, and what is concluded after it."""
