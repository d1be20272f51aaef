"""`launch.py COMMAND...`: runs a command and prints what it took, as JSON.

A process of its own, and a small one: the most memory that a process is said to have held counts what whoever started
it held.
"""

import json
import os
import subprocess
import sys
import time


def main() -> None:
    """Print seconds of processor and clock, bytes held at most, and the exit code; what it prints itself is dropped."""
    begun = time.perf_counter()
    with subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as started:
        _, status, used = os.wait4(started.pid, 0)
        started.returncode = os.waitstatus_to_exitcode(status)
    held = used.ru_maxrss if sys.platform == "darwin" else used.ru_maxrss * 1024
    took = [used.ru_utime + used.ru_stime, time.perf_counter() - begun, held]
    print(json.dumps({"took": took, "code": started.returncode}))


if __name__ == "__main__":
    main()
