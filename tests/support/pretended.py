"""A process that a guardian takes for a daemon which hactl has started; it waits for nothing."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from hactl.supervisor import procfs


@contextmanager
def pretended(*words: str, environment: dict[str, str] | None = None) -> Iterator["subprocess.Popen[bytes]"]:
    """Its command line has `words` in it, its environment more than ours; ended in the end, also when it is stopped."""
    code = "import sys; print(flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-S", "-c", code, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | (environment or {}),
    ) as child:
        try:
            assert child.stdout is not None
            child.stdout.readline()
            yield child
        finally:
            child.kill()


def state(pid: int) -> str:
    """Its state, as the kernel has it; "" when it is gone."""
    stat = procfs.read_stat(pid)
    return "" if stat is None else stat.state
