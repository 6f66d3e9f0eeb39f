"""Files that people write, in YAML or CSV: read, and every mistake in them named in plain words and at its place."""
