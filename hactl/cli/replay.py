"""`hactl replay`: the console on what was recorded, with a daemon or without one. Looks, and changes nothing."""

import time

import click

from hactl.cli import console
from hactl.cli.choice import Chosen, choose
from hactl.cli.options import fleet_option, moment
from hactl.core.errors import HactlError


@click.command()
@fleet_option
@click.option("--since", type=moment, metavar="WHEN", help="Start here: 2h (ago), 14:05 or 2026-11-25T14:05:30.")
@click.option("--until", type=moment, metavar="WHEN", help="Show nothing newer than this.")
@click.pass_context
def replay(ctx: click.Context, since: float | None, until: float | None) -> int:
    """Open the console on recorded history: every screen as it was at any second. Works without a daemon.

    It starts at --since, else at the newest moment. [ ] { } move through time, n and N go to the next and previous
    event, p plays, + and - change the speed.
    """
    chosen = choose()
    if not console.possible():
        raise HactlError("a replay needs a terminal", "hactl events --since 1h shows what happened")
    return open_replay(chosen, since=since, until=until, theme=ctx.find_root().params["theme"])


def open_replay(chosen: Chosen, *, since: float | None, until: float | None, theme: str = "") -> int:
    """Show what was recorded until the operator leaves. Raises HactlError when there is nothing."""
    import asyncio
    from contextlib import closing

    from hactl.control.recorded import Recorded
    from hactl.tui.recording import Recording
    from hactl.tui.replay import Replay

    with closing(Recording(chosen.paths, since=since, until=until)) as past:
        end = past.then(past.last).snapshot
        assert end is not None, "a recording has a picture of every moment"
        begin = past.last if since is None else past.first

        async def show() -> int:
            walk = Replay(past, at=begin, clock=time.monotonic)
            app = console.make(Recorded(end), chosen.name, chosen.paths, theme=theme, walk=lambda _: walk)
            console.leave_on_signals(app)
            return await console.run(app)

        return asyncio.run(show())
