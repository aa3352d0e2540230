"""A command of hactl for as long as somebody waits for it: `python -P -m hactl.processes.tied PID ARGUMENT...`.

It becomes `hactl ARGUMENT...` at once. When process PID, which started it, is gone, however that came about, the kernel
tells it to stop with SIGTERM, and it ends in good order. It watches over nothing itself: a guardian is `guarding`.
"""

import ctypes
import os
import signal
import sys

_SET_DEATH_SIGNAL = 1
"""PR_SET_PDEATHSIG of prctl(2). It outlives exec."""


def main() -> None:
    """Tie it, and become the command. Raises SystemExit when nobody waits for it any more."""
    parent, *arguments = sys.argv[1:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_DEATH_SIGNAL, signal.SIGTERM)
    if os.getppid() != int(parent):  # it was gone before the kernel was told
        sys.exit(f"process {parent} is gone: nothing was run")
    os.execv(sys.executable, [sys.executable, "-P", "-m", "hactl", *arguments])


if __name__ == "__main__":
    main()
