"""A command of hactl in a process of its own, which ends in good order even when whoever waits for it may not.

A drill that is killed holds the fleet to the end of its lease. Nobody does that here: not when the toolkit is
interrupted, and not when it is killed itself.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

_LOOK = 0.5
"""Seconds without Python code while it is waited for: an exception from another thread comes in between."""


def run(
    arguments: Sequence[str], directory: Path | None, environment: Mapping[str, str]
) -> "subprocess.CompletedProcess[bytes]":
    """Run `hactl` with `arguments` in `directory` and wait for its end, in the main thread or another one.

    What is raised here meanwhile (Ctrl-C, what a signal handler or another thread raises) stops it with SIGTERM, each
    time once; its end is waited for all the same, and then that is raised.
    """
    command = [sys.executable, "-P", "-m", "hactl.processes.tied", str(os.getpid()), *arguments]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        # In a session of its own Ctrl-C reaches it once: through us. A second signal would have it leave at once.
        process = subprocess.Popen(
            command,
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
        )
        raised: BaseException | None = None
        while process.returncode is None:
            try:
                process.wait(_LOOK)
            except subprocess.TimeoutExpired:
                pass
            except BaseException as error:
                raised = raised or error
                process.terminate()
        if raised is not None:
            raise raised
        for file in (out, err):
            file.seek(0)
        return subprocess.CompletedProcess(command, process.returncode, out.read(), err.read())
