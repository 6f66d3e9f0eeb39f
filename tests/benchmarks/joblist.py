"""How long it takes to read and check job lists: prints a table, judges nothing.

Run it from the top of a checkout: ``python tests/benchmarks/joblist.py``. Times are seconds of processor time,
the median of five.
"""

import contextlib
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bot.errors import InputInvalid
from bot.joblist import read_job_list

HEADER = "store: asc-v2-2.3-magentocommerce-us\nreason: Buyer Canceled\norders:\n"
ROUNDS = 5


def plain(count: int) -> str:
    """A list of order numbers alone."""
    return HEADER + "".join(f"  - 112-{number:07d}-3002091\n" for number in range(count))


def mappings(count: int) -> str:
    """A list in which every order has all that an order may have."""
    return HEADER + "".join(
        f"  - order: 112-{number:07d}-3002091\n"
        "    store: asc-v2-2.3-magentocommerce-uk\n"
        "    reason: NoInventory\n"
        f"    note: ticket {number}\n"
        "    expect: {total: 121.80, buyer: Michael Blankenship}\n"
        for number in range(count)
    )


def table(count: int) -> str:
    """The same in CSV."""
    return "order,store,reason,note,total,buyer\n" + "".join(
        f"112-{number:07d}-3002091,asc-v2-2.3-magentocommerce-uk,NoInventory,ticket {number},121.80,Ann Lee\n"
        for number in range(count)
    )


def bad(count: int) -> str:
    """A list in which every order has a mistake of its own."""
    return HEADER + "".join(f"  - 112-{number:07d}-300209\n" for number in range(count))


def seconds(path: Path) -> float:
    """Processor time for reading that file, whether or not it is refused."""
    times = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        with contextlib.suppress(InputInvalid):  # refusing is what is measured then
            read_job_list(path)
        times.append(time.process_time() - begun)
    return statistics.median(times)


def main() -> None:
    """Measure and print."""
    sizes = (1_000, 10_000, 100_000)
    rows: list[tuple[str, Callable[[int], str], str, int]] = [
        *(("plain", plain, ".yaml", size) for size in sizes),
        *(("mappings", mappings, ".yaml", size) for size in sizes),
        *(("CSV", table, ".csv", size) for size in sizes),
        *(("all wrong", bad, ".yaml", size) for size in sizes[:2]),
        ("too many lines", plain, ".yaml", 1_000_000),
    ]
    print(f"{'list':<16}{'orders':>10}{'lines':>12}{'seconds':>10}{'orders/s':>12}")
    with tempfile.TemporaryDirectory() as folder:
        for name, make, suffix, count in rows:
            text = make(count)
            path = Path(folder, f"jobs{suffix}")
            path.write_text(text, encoding="utf-8")
            taken = seconds(path)
            lines = text.count("\n")
            print(f"{name:<16}{count:>10,}{lines:>12,}{taken:>10.3f}{count / taken:>12,.0f}", flush=True)


if __name__ == "__main__":
    main()
