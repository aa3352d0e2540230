"""`hactl` without a verb on a terminal: the console. Chooses its fleet, its theme and its glyphs, and opens it.

What it shows and does stands in `hactl.tui`, which is loaded here and nowhere else.
"""

import contextlib
import functools
import gc
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hactl.cli.choice import Chosen, program
from hactl.cli.exits import Exit
from hactl.cli.options import label
from hactl.core.errors import HactlError
from hactl.core.signature import LABEL
from hactl.paths import FleetPaths, state_home

if TYPE_CHECKING:
    from hactl.control.controller import Controller
    from hactl.tui.app import Console
    from hactl.tui.lifetime import Ends
    from hactl.tui.meaning import Glyphs
    from hactl.tui.past import Walk
    from hactl.tui.picture import Picture, View
    from hactl.tui.settings import SettingsFile
    from hactl.tui.theme import Theme
    from hactl.tui.themes import Themes

GARBAGE = 700
"""New objects between two collections."""


def possible() -> bool:
    """True where a console can be drawn: somebody sits before a terminal that can do more than print."""
    return sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def open_console(chosen: Chosen, *, verbs: Sequence[str] = (), theme: str = "", read_only: bool = False) -> int:
    """Show the fleet until the operator leaves, and stop it if that is wanted then.

    `verbs` are those that the command line inside completes.
    """
    import asyncio

    from hactl.control.aclient import AsyncClient

    async def show() -> tuple["Console", int]:
        socket = chosen.paths.control_read_only if read_only else chosen.paths.control
        async with AsyncClient(socket, owner=chosen.paths.owner, patience=0.0) as client:
            console = make(
                client,
                chosen.name,
                chosen.paths,
                theme=theme,
                verbs=verbs,
                read_only=read_only,
                startable=chosen.config is not None,
            )
            leave_on_signals(console)
            return console, await run(console)

    console, code = asyncio.run(show())
    if console.lifetime.stops:
        from hactl.cli.run import take_down

        return take_down(chosen)
    return code


async def run(console: "Console") -> int:
    """Draw until the operator leaves; the exit code.

    Each drawing leaves circles behind. The collector takes them away often, so that they never take up much, and does
    not look through what has been loaded, which stays for good.
    """
    gc.freeze()
    gc.set_threshold(GARBAGE)
    await console.run_async()
    return console.return_code or Exit.OK


def leave_on_signals(console: "Console") -> None:
    """SIGTERM and SIGHUP give the terminal back as it was, and say so with the exit code of whoever dies of them."""
    import asyncio

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, functools.partial(console.exit, return_code=128 + number))


def make(
    client: "Controller",
    fleet: str,
    paths: FleetPaths,
    *,
    theme: str = "",
    verbs: Sequence[str] = (),
    walk: "Callable[[Picture], Walk] | None" = None,
    read_only: bool = False,
    startable: bool = False,
    ends: "Ends | None" = None,
) -> "Console":
    """A console on the fleet at the other end of `client`, which keeps its things in `paths`.

    `read_only`, `startable` and `ends` are those of `Console`; without `ends` the fleet goes on, as it did before.
    `walk` is how it goes through time: without one, back to whatever is recorded.
    """
    from hactl.tui import shell
    from hactl.tui.app import Console
    from hactl.tui.drill_launching import launch
    from hactl.tui.drills import Means
    from hactl.tui.lifetime import Ends
    from hactl.tui.link import nothing
    from hactl.tui.moments import Moments
    from hactl.tui.recording import Recording
    from hactl.tui.settings import SettingsFile
    from hactl.tui.spliced import Spliced
    from hactl.tui.themes import Themes

    def last() -> "View":
        with contextlib.closing(Recording(paths)) as recording:
            return recording.then(recording.last)

    called = program(fleet, paths.state)
    ours = {LABEL: f"console-{label()}"}  # whoever reads the report on a drill sees where it was begun
    themes = Themes(themes_home())
    settings = SettingsFile(settings_file())
    return Console(
        client,
        remembered_theme(themes, theme, settings),
        fleet=fleet,
        by=label(),
        verbs=verbs,
        themes=themes,
        glyphs=choose_glyphs(sys.stdout.encoding),
        walk=walk or (lambda picture: Moments(picture, Spliced(picture, lambda: Recording(paths)))),
        settings=settings,
        last=last if walk is None else nothing,
        run=functools.partial(shell.run, env={LABEL: label()}, program=called),
        drills=Means(root=paths.drills, state=paths.state, launch=functools.partial(launch, env=ours)),
        program=called,
        read_only=read_only,
        startable=startable,
        ends=ends or Ends.NEVER,
    )


def remembered_theme(themes: "Themes", name: str, settings: "SettingsFile") -> "Theme":
    """The theme called `name`; "" for the one that was chosen last time, or for what fits the terminal.

    One that is no use is no reason not to open, least of all in an incident: it is the trouble of `settings` then.
    """
    from hactl.tui.themes import Themes

    wanted = name or ("" if os.environ.get("NO_COLOR") else settings.settings.theme)
    try:
        return choose_theme(themes, wanted)
    except HactlError as error:
        settings.trouble = error
        return choose_theme(
            Themes(), ""
        )  # as it comes with hactl: it may be the user's own of that name that is no use


def settings_file() -> Path:
    """Where what the console remembers of its user is kept."""
    return state_home() / "console.toml"


def choose_theme(themes: "Themes", name: str) -> "Theme":
    """The theme called `name`; "" for what fits the terminal. Raises ConfigError when it is no use."""
    from hactl.tui.theme import DEFAULT

    return themes.read(name or ("mono" if os.environ.get("NO_COLOR") else DEFAULT))


def themes_home() -> Path:
    """Where a user's own themes are."""
    xdg = os.environ.get("XDG_CONFIG_HOME")
    return (Path(xdg) if xdg else Path.home() / ".config") / "hactl" / "themes"


def choose_glyphs(encoding: str) -> "Glyphs":
    """Glyphs that a terminal's encoding has."""
    from hactl.tui.meaning import ASCII, Glyphs

    return Glyphs() if encoding.lower().replace("-", "") == "utf8" else ASCII
