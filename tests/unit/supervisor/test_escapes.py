"""What escaped is found by what it has from its parent, whatever of that it has thrown away; nobody else is touched."""

import os
import sys

import pytest
from support.house import ended, lives
from support.polling import wait_until
from support.ports import free_port
from support.processes import WAITS_FOR_EVER, Nursery

from hactl.core.node import Launch
from hactl.supervisor import procfs
from hactl.supervisor.escapes import Escaped, Trace, end, sentence


def trace(nursery: Nursery, **more: object) -> Trace:
    """Of the node whose launches a nursery starts."""
    return Trace(instances=f"{nursery.fleet}/gw-1/", log=nursery.directory / "elsewhere.log", **more)


def wiped(nursery: Nursery, port: int) -> Launch:
    """A server that has written over its environment and has another output, as nginx does."""
    ready = nursery.directory / "ready"
    os.mkfifo(ready)
    serve = f"server = socket.create_server(('127.0.0.1', {port})); open({str(ready)!r}, 'w').write('x')"
    code = f"import os, signal, socket; {serve}; signal.pause()"
    again = f"import os; os.execve({sys.executable!r}, ['python', '-S', '-c', {code!r}], {{}})"
    launch = nursery.start_elsewhere(again)
    ready.read_text()
    return launch


async def test_by_its_instance(nursery: Nursery) -> None:
    """Any launch of the node; what other nodes started is left alone."""
    ours = nursery.start_elsewhere()
    other = Trace(instances=f"{nursery.fleet}/gw-10/", log=nursery.directory / "elsewhere.log")
    assert end(other) == ()
    (found,) = end(trace(nursery))
    assert (found.pid, found.listens) == (ours.pid, False)
    await ended(ours)
    assert end(trace(nursery)) == ()


async def test_by_its_output(nursery: Nursery) -> None:
    """It kept writing into the node's log, though it knows nothing of us any more."""
    launch = nursery.start_elsewhere(
        f"import os; os.execve({sys.executable!r}, ['python', '-S', '-c', {WAITS_FOR_EVER!r}], {{'A': 'b'}})"
    )
    wait_until(lambda: procfs.INSTANCE not in procfs.environ(launch.pid))
    assert end(trace(nursery)) == ()
    assert lives(launch)
    (found,) = end(Trace(instances="f/n/", log=nursery.log))
    assert found.pid == launch.pid
    await ended(launch)


async def test_by_its_port_when_it_can_only_have_come_from_this_launch(nursery: Nursery) -> None:
    """The port was free when the launch began, and the process is younger; an older one is somebody else's."""
    port = free_port()
    launch = wiped(nursery, port)
    ticks = procfs.start_ticks(launch.pid)
    assert ticks is not None
    assert end(trace(nursery, port=port)) == ()
    assert end(trace(nursery, port=port, since=ticks + 1)) == ()
    (found,) = end(trace(nursery, port=port, since=ticks))
    assert (found.pid, found.listens) == (launch.pid, True)
    await ended(launch)


@pytest.mark.parametrize(
    ("escaped", "said"),
    [
        (
            Escaped(pid=7, name="nginx", listens=True),
            "process 7 (nginx) listening on its port: run it in the foreground, for nginx add -g 'daemon off;'",
        ),
        (Escaped(pid=7, name="gw", listens=False), "process 7 (gw) running: run it in the foreground"),
    ],
)
def test_it_is_told_what_to_do(escaped: Escaped, said: str) -> None:
    """Read after "exited with code 0 but left"."""
    assert sentence(escaped) == said
