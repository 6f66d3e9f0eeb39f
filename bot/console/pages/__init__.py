"""The pages of the console, a module each: what is read for one, and what its forms do."""
