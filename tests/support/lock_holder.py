"""A process that holds a fleet's lock until it is killed: `python lock_holder.py LOCK [child] [deaf]`.

Prints one line when it holds the lock: its pid, and with `child` the pid of a process it has started, which waits for
its stdin to close. With `deaf` it does not heed SIGTERM.
"""

import signal
import subprocess
import sys
import threading
from pathlib import Path

from hactl.store.lock import FleetLock


def hold(path: Path, *, with_child: bool) -> None:
    """Hold the lock for ever."""
    with FleetLock(path):
        # close_fds=False: the lock must stay behind by itself, not because subprocess tidies up.
        child = (
            subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], close_fds=False)
            if with_child
            else None
        )
        print(child.pid if child else "alone", flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    if "deaf" in sys.argv[2:]:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    hold(Path(sys.argv[1]), with_child="child" in sys.argv[2:])
