"""`hactl demo` on a terminal: the same story, seen in the console as it happens. What it measures is told in the end.

Not the story itself: that is `hactl.drill.demo`. The fleet ends with the console, whichever way that is left.
"""

import asyncio
from typing import TYPE_CHECKING

import click

from hactl.cli import console, output
from hactl.cli.exits import Exit
from hactl.core.errors import HactlError
from hactl.drill.demo_report import DemoReport, render

if TYPE_CHECKING:
    from hactl.processes.demo import Stage
    from hactl.tui.app import Console


def show(*, node: str | None, rate: float, duration: float) -> int:
    """Build the fleet, open the console on it, tell the story in there, and clear everything away. The exit code."""
    from hactl.processes import demo as process

    story = _Story(node=node, rate=rate, duration=duration)

    async def act() -> int:
        process.end_on_signals()
        output.say(process.STARTING)
        async with process.stage() as built:
            code = await _before(built, story)
            output.say(process.STOPPING)
        return code

    try:
        code = asyncio.run(act())
    except (asyncio.CancelledError, KeyboardInterrupt):
        output.say("interrupted; everything was stopped and removed")
        return Exit.INTERRUPTED
    if story.failure is not None:
        raise story.failure
    if story.report is None:
        output.say("left before the failover was measured; everything was stopped and removed")
        return code or Exit.INTERRUPTED
    click.echo(render(story.report))
    return code or (Exit.OK if story.report.ok else Exit.FAILED)


async def _before(built: "Stage", story: "_Story") -> int:
    """The console with the story in it, until it is left; its exit code."""
    from hactl.cli.main import VERBS
    from hactl.control.aclient import AsyncClient
    from hactl.tui.lifetime import Ends

    this = asyncio.current_task()
    assert this is not None, "called from a task"
    theme = click.get_current_context().find_root().params["theme"]
    async with AsyncClient(built.paths.control, patience=0.0) as client:
        seen = console.make(client, built.name, built.paths, theme=theme, verbs=tuple(VERBS), ends=Ends.WITH_IT)
        async with asyncio.TaskGroup() as tasks:
            telling = tasks.create_task(story.tell(built, seen), name="the story")
            code = await console.run(seen)
            if this.cancelling():  # which the toolkit takes for a wish to leave
                raise asyncio.CancelledError
            telling.cancel()
    return code


class _Story:
    """The failover, told to whoever looks at the console, and load that goes on behind it."""

    def __init__(self, *, node: str | None, rate: float, duration: float) -> None:
        self._node = node
        self._rate = rate
        self._duration = duration
        self.report: DemoReport | None = None
        self.failure: HactlError | None = None

    async def tell(self, built: "Stage", seen: "Console") -> None:
        """Until cancelled."""
        from hactl.processes import demo as process
        from hactl.tui.messages import Said, Shown

        def say(text: str) -> None:
            if not text.startswith(" "):  # the steps of the failover are on the screen already
                seen.post_message(Said(text))

        try:
            report = await process.perform(built, say=say, node=self._node, rate=self._rate, duration=self._duration)
            self.report = report
            seen.post_message(Shown(f"failover: {report.verdict}", render(report)))
            await process.keep_busy(built.url, rate=self._rate)
        except HactlError as error:
            self.failure = error if self.report is None else None
            seen.post_message(Said(error.message, bad=True))
