"""How much memory processes hold. Linux says it precisely; elsewhere there is less to know, or nothing."""

import sys
from pathlib import Path

MB = 1024 * 1024


def peak_of_this_process() -> float | None:
    """The most memory that this process ever held (resident), in MB; None where the system does not say."""
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / MB if sys.platform == "darwin" else peak / 1024


def held_by_tree(root: int, without: int) -> float | None:
    """What a process and all that it started hold, in MB, memory that they share counted once (PSS).

    ``without`` is a process of that tree to leave out, with all that it started. Linux only: None elsewhere.
    """
    if not Path("/proc/self/smaps_rollup").is_file():
        return None
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue  # it ended meanwhile
        children.setdefault(parent, []).append(int(stat.parent.name))
    total, waiting = 0, [root]
    while waiting:
        pid = waiting.pop()
        if pid == without:
            continue
        waiting += children.get(pid, [])
        try:
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    return total / 1024
