"""What a run leaves to be believed: pictures, their hashes, and what holds them against each other later."""
