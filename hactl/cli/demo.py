"""`hactl demo`: see a failover with your own eyes, or in CI."""

import asyncio
import contextlib
import sys
from typing import TYPE_CHECKING

import click

from hactl.cli import output
from hactl.cli.exits import Exit
from hactl.cli.options import json_option
from hactl.core.errors import HactlError
from hactl.drill.demo_report import DemoReport, render

if TYPE_CHECKING:
    from hactl.processes.demo import Stage


@click.command()
@click.option("--headless", is_flag=True, help="Kill one node, report and exit, even on a terminal.")
@click.option("--node", metavar="NAME", help="The node to kill, such as seoul-1 (default: the busiest).")
@click.option(
    "--rate", type=click.FloatRange(1, 5000), metavar="NUMBER", default=300, show_default=True, help="Requests/s."
)
@click.option(
    "--duration",
    type=click.FloatRange(1, 600),
    metavar="SECONDS",
    default=10,
    show_default=True,
    help="How long the load lasts.",
)
@json_option
def demo(headless: bool, node: str | None, rate: float, duration: float, as_json: bool) -> int:
    """Start a whole fleet, put load on it, kill a node, and measure what clients saw. Leaves nothing behind.

    On a terminal it runs in the console, and the fleet stays up under load until you leave. Exit code 0 only if no
    request failed and the capacity came back.
    """
    from hactl.cli import console, demo_console
    from hactl.processes import demo as process

    if not headless and not as_json and console.possible():
        return demo_console.show(node=node, rate=rate, duration=duration)
    stays = not headless and not as_json and sys.stdout.isatty()

    async def act() -> DemoReport:
        process.end_on_signals()
        return await process.run(say=output.say, node=node, rate=rate, duration=duration, afterwards=show)

    async def show(built: "Stage", report: DemoReport) -> None:
        if not stays:
            return
        click.echo(render(report))
        await _live(built, rate)

    try:
        report = asyncio.run(act())
    except (asyncio.CancelledError, KeyboardInterrupt):
        output.say("interrupted; everything was stopped and removed")
        return Exit.INTERRUPTED
    if as_json:
        output.emit_json(report)
    elif not stays:
        click.echo(render(report))
    return Exit.OK if report.ok else Exit.FAILED


async def _live(built: "Stage", rate: float) -> None:
    from hactl.cli.status import lines
    from hactl.control.aclient import AsyncClient
    from hactl.processes.demo import keep_busy

    async with asyncio.TaskGroup() as tasks, AsyncClient(built.paths.control) as client:
        tasks.create_task(keep_busy(built.url, rate=rate), name="load")
        while True:
            with contextlib.suppress(HactlError):
                text = "\n".join(lines(await client.fleet(), output.screen_width()))
                hint = f"hactl --fleet {built.name} kill seoul-1 --wait\nCtrl-C ends the demo"
                sys.stdout.write("\x1b[H\x1b[2J")  # not echo: it would take this for a color
                click.echo(f"{text}\n\nin another terminal: {hint}")
            await asyncio.sleep(1.0)
