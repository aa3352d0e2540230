"""`hactl` without a verb on a terminal: the console. Chooses its fleet, its theme and its glyphs, and opens it.

What it shows and does stands in `hactl.tui`, which is loaded here and nowhere else.
"""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from hactl.cli.choice import Chosen
from hactl.cli.exits import Exit
from hactl.cli.options import label

if TYPE_CHECKING:
    from hactl.tui.meaning import Glyphs
    from hactl.tui.theme import Theme
    from hactl.tui.themes import Themes


def possible() -> bool:
    """True where a console can be drawn: somebody sits before a terminal that can do more than print."""
    return sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def open_console(chosen: Chosen, *, verbs: tuple[str, ...] = (), theme: str = "", read_only: bool = False) -> int:
    """Show the fleet until the operator leaves. Raises ConfigError for a theme that there is none of.

    `verbs` are those that the command line inside completes.
    """
    import asyncio
    from contextlib import AsyncExitStack, closing

    from hactl.control.aclient import AsyncClient
    from hactl.tui.app import Console
    from hactl.tui.moments import Moments
    from hactl.tui.picture import Picture
    from hactl.tui.recording import Recording
    from hactl.tui.spliced import Spliced
    from hactl.tui.themes import Themes

    themes = Themes(themes_home())
    look, glyphs = choose_theme(themes, theme), choose_glyphs(sys.stdout.encoding)
    socket = chosen.paths.control_read_only if read_only else chosen.paths.control

    async def show() -> int:
        async with AsyncClient(socket, patience=0.0) as client, AsyncExitStack() as opened:

            def walk(picture: Picture) -> Moments:
                past = opened.enter_context(closing(Spliced(picture, lambda: Recording(chosen.paths))))
                return Moments(picture, past)

            console = Console(
                client,
                look,
                fleet=chosen.name,
                by=label(),
                verbs=verbs,
                read_only=read_only,
                themes=themes,
                glyphs=glyphs,
                walk=walk,
            )
            await console.run_async()
            return console.return_code or Exit.OK

    return asyncio.run(show())


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
