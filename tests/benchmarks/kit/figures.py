"""Figures that several benchmarks make of what they measured."""

from collections.abc import Sequence
from statistics import mean


def fastest_quarter(seconds: Sequence[float]) -> float:
    """The mean of the fastest quarter: what it takes when little else is going on, on a machine that is busy."""
    return mean(sorted(seconds)[: max(1, len(seconds) // 4)])
