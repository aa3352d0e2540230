"""Looking at a fleet must be instant: what the quick verbs load, in a fresh interpreter."""

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest
from support.command import Home

HEAVY = {"asyncio", "aiohttp", "httpx", "rich", "sqlite3", "ssl", "starlette", "textual", "uvicorn"}
DECIDING = {f"hactl.core.{name}" for name in ("brownouts", "draft", "lifecycle", "machine", "operations", "ramp")}
RUN = """
import contextlib, io, json, signal, sys
signal.signal(signal.SIGALRM, signal.default_int_handler)
from hactl.cli.main import main
with contextlib.redirect_stdout(io.TextIOWrapper(io.BytesIO())), contextlib.redirect_stderr(io.StringIO()):
    code = main(sys.argv[1:])
print(json.dumps([code, sorted(sys.modules)]))
"""


@pytest.fixture(scope="module")
def fleet() -> Iterator[Home]:
    """The smallest fleet that runs."""
    with Home() as home:
        home.configure(edges=1, regions={"a": 1})
        home.ok("up")
        yield home


def loaded(home: Home, *args: str, seconds: float = 0.0) -> tuple[int, set[str]]:
    """The exit code of `hactl ARGS`, interrupted after so many seconds, and every module it had loaded in the end."""
    run = RUN.replace("with", f"signal.setitimer(signal.ITIMER_REAL, {seconds})\nwith", 1)
    done = subprocess.run(
        [sys.executable, "-c", run, *args],
        cwd=home.directory,
        env=home.environment(),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    code, modules = json.loads(done.stdout)
    return code, set(modules)


@pytest.mark.parametrize(
    "args",
    [
        ("status",),
        ("status", "--json"),
        ("events",),
        ("logs", "a-1"),
        ("wait",),
        ("where",),
        ("alert", "list"),
        ("drill", "list"),
        ("drill", "board"),
        ("drill", "report", "--all"),
        ("drill", "schedule"),
        ("fleets",),
        ("kill", "a-1", "--dry-run", "--confirm", "t"),
        ("weight", "a-1", "99", "--wait"),
    ],
    ids=" ".join,
)
def test_a_quick_verb_loads_no_loop_no_screen_and_no_server(fleet: Home, args: tuple[str, ...]) -> None:
    """It asks its question over a plain socket and leaves."""
    code, modules = loaded(fleet, *args)
    assert code == 0
    assert modules & HEAVY == set()


def test_whoever_stops_a_drill_waits_for_nothing(fleet: Home) -> None:
    """Not for what it takes to run one, or to report. Here there is none, and that is said."""
    code, modules = loaded(fleet, "drill", "stop")
    assert code == 1
    assert modules & HEAVY == set()
    assert not [name for name in modules if name.startswith("hactl.drill")]


def test_a_verb_that_goes_on_and_on_is_no_heavier(fleet: Home) -> None:
    """It says how things stand, follows what happens, and is interrupted."""
    code, modules = loaded(fleet, "watch", "--every", "100ms", seconds=2.0)
    assert code == 130
    assert "hactl.core.narrating" in modules
    assert modules & HEAVY == set()


@pytest.mark.parametrize("args", [("status",), ("status", "--json")], ids=" ".join)
def test_a_status_loads_nothing_that_decides(fleet: Home, args: tuple[str, ...]) -> None:
    """It reads what is; the rules by which it became so are several times as much to load."""
    code, modules = loaded(fleet, *args)
    assert code == 0
    assert modules & DECIDING == set()


def test_nobody_pays_for_a_verb_that_was_not_typed(fleet: Home) -> None:
    """The root's help lists every verb and loads none of them, nor anything they need; so does that of drills."""
    code, modules = loaded(fleet, "drill", "--help")
    assert code == 0
    ours = {name.removeprefix("hactl.cli.") for name in modules if name.startswith("hactl.cli.")}
    assert ours == {"main", "exits", "output", "verbs", "drill"}
    code, modules = loaded(fleet, "--help")
    assert code == 0
    ours = {name.removeprefix("hactl.cli.") for name in modules if name.startswith("hactl.cli.")}
    assert ours == {"main", "exits", "output", "verbs"}
    assert not [name for name in modules if name.startswith(("hactl.control", "hactl.config", "hactl.supervisor"))]


def test_the_headless_command_never_loads_a_console(fleet: Home) -> None:
    """Not even the verbs that load a lot."""
    for args in (("doctor",), ("config", "check"), ("up",), ("demo", "--help")):
        _, modules = loaded(fleet, *args)
        assert "textual" not in modules, args


def test_a_console_loads_nothing_that_it_does_not_draw_with() -> None:
    """It stays open for days beside what it watches: no HTTP library, no server, and nothing that decides or runs a
    fleet. What it talks with is a socket, and what it draws with is Textual."""
    told = (
        "import json, sys, hactl.cli.console, hactl.control.aclient, hactl.tui.app; print(json.dumps([*sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True, timeout=60)
    modules = set(json.loads(done.stdout))
    assert "textual" in modules
    assert modules & {"aiohttp", "anyio", "httpx", "pygments", "starlette", "uvicorn"} == set()
    assert not [name for name in modules if name.startswith(("hactl.processes", "hactl.core.machine"))]
