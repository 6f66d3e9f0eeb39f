"""Runs a command beside busy loops, one for each processor, and ends with its exit status.

No test may depend on the machine's speed, and this is how to see one that does. The loops end with the command, and by
themselves should this program be killed.
"""

import os
import subprocess
import sys

HOG = """
import os
parent = os.getppid()
while os.getppid() == parent:
    for _ in range(1_000_000):
        pass
"""


def main() -> int:
    hogs = [subprocess.Popen([sys.executable, "-c", HOG]) for _ in range(os.cpu_count() or 1)]
    try:
        return subprocess.call(sys.argv[1:])
    finally:
        for hog in hogs:
            hog.kill()
            hog.wait()


if __name__ == "__main__":
    sys.exit(main())
