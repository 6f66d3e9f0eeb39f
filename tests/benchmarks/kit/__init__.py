"""What the benchmarks share: the practice Admin as a process of its own, the bot wired as a run wires it, figures."""
