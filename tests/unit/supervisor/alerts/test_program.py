"""Real programs: what they get, how they fail, and that none of them stays."""

import asyncio
import os
import signal
from pathlib import Path

import pytest
from support.alerts import an_alert
from support.processes import ended

from hactl.core.errors import HactlError
from hactl.supervisor.alerts.courier import Undelivered
from hactl.supervisor.alerts.program import KEPT, SHOWN, run, variables

PATIENCE = 30.0


def script(directory: Path, text: str, mode: int = 0o755) -> str:
    path = directory / "page.sh"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(mode)
    return str(path)


async def told(directory: Path, text: str, *args: str) -> None:
    async with asyncio.timeout(PATIENCE):
        await run((script(directory, text), *args), b'{"version":1}', variables(an_alert()))


async def test_it_gets_the_alert_on_its_standard_input_and_the_rest_as_it_was_written(tmp_path: Path) -> None:
    await told(tmp_path, f'cat > {tmp_path}/in; echo "$1|$#" > {tmp_path}/args', "a b")
    assert (tmp_path / "in").read_text() == '{"version":1}'
    assert (tmp_path / "args").read_text() == "a b|1\n"


async def test_its_environment_is_small_and_names_the_alert(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the daemon's own environment that it has no use for."""
    monkeypatch.setenv("PRIVATE", "x")
    await told(tmp_path, f"env > {tmp_path}/env")
    lines = dict(line.split("=", 1) for line in (tmp_path / "env").read_text().splitlines())
    assert lines["HACTL_ALERT_KIND"] == "node-down"
    assert lines["HACTL_ALERT_SENTENCE"] == "eu-2 is down: killed by signal 9"
    assert lines["HACTL_ALERT_SEQ"] == "1042"
    assert lines["PATH"]
    assert "PRIVATE" not in lines
    assert "HACTL_INSTANCE" not in lines


async def test_one_that_never_reads_and_says_a_lot_is_not_kept_waiting(tmp_path: Path) -> None:
    await told(tmp_path, "head -c 1000000 /dev/zero")


async def test_one_that_fails_is_told_by_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(Undelivered) as error:
        await told(tmp_path, 'echo first; printf "no route\\033[31m to pager\\n" >&2; exit 3')
    assert error.value.message == f"'{tmp_path}/page.sh' ended with code 3: no route[31m to pager"
    assert error.value.again


async def test_of_endless_words_only_the_end_is_kept(tmp_path: Path) -> None:
    with pytest.raises(Undelivered) as error:
        await told(tmp_path, "head -c 300000 /dev/zero | tr '\\0' x; exit 1")
    assert error.value.message.endswith("x" * SHOWN)
    assert len(error.value.message) < SHOWN + 200 < KEPT


async def test_one_that_is_killed_says_so(tmp_path: Path) -> None:
    with pytest.raises(Undelivered, match="was killed by signal 9"):
        await told(tmp_path, "kill -9 $$")


async def test_one_that_takes_too_long_is_killed_with_everything_it_started(tmp_path: Path) -> None:
    """Also what it has put behind itself, and what ignores a polite signal."""
    pipe = tmp_path / "pids"
    os.mkfifo(pipe)
    fd = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    started = asyncio.Event()
    asyncio.get_running_loop().add_reader(fd, started.set)
    text = f"trap '' TERM; sleep 600 & echo $$ $! > {pipe}; wait"

    async with asyncio.TaskGroup() as group:
        task = group.create_task(told(tmp_path, text))
        await started.wait()
        asyncio.get_running_loop().remove_reader(fd)
        pids = [int(pid) for pid in os.read(fd, 100).split()]
        watched = [os.pidfd_open(pid) for pid in pids]
        task.cancel()
    os.close(fd)
    assert len(watched) == 2
    for each in watched:
        await ended(each)
        os.close(each)


async def test_what_a_program_leaves_running_on_purpose_stays(tmp_path: Path) -> None:
    """Only one that was given up is killed; nobody waits for the output of what stays."""
    await told(tmp_path, f"sleep 600 & echo $! > {tmp_path}/pid")
    pid = int((tmp_path / "pid").read_text())
    os.kill(pid, signal.SIGKILL)


async def test_one_that_is_not_there_or_not_to_be_run_is_named(tmp_path: Path) -> None:
    """No further attempt would change that."""
    with pytest.raises(HactlError, match="there is no program '/nowhere/page'") as error:
        await run(("/nowhere/page",), b"", {})
    assert not isinstance(error.value, Undelivered)
    with pytest.raises(HactlError, match="there is no program 'no-such-pager'"):
        await run(("no-such-pager",), b"", {})
    path = script(tmp_path, "true", mode=0o644)
    if os.geteuid():
        with pytest.raises(HactlError, match="is not executable") as error:
            await run((path,), b"", {})
        assert error.value.hint == f"chmod +x {path}"
    (tmp_path / "odd").write_text("#!/no/such/shell\n")
    (tmp_path / "odd").chmod(0o755)
    with pytest.raises(HactlError, match="cannot run"):
        await run((str(tmp_path / "odd"),), b"", {})


def descriptors() -> set[Path]:
    return set(Path("/proc/self/fd").iterdir())


async def test_no_descriptor_is_left_behind(tmp_path: Path) -> None:
    await told(tmp_path, "true")
    before = descriptors()
    for text in ("true", "exit 1"):
        try:
            await told(tmp_path, text)
        except Undelivered:
            continue
    assert descriptors() == before
