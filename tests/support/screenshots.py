"""The pictures of the README: the real console before the real demo fleet while a node is killed, and in a drill; SVG.

    PYTHONPATH=tests python tests/support/screenshots.py [--to examples/pictures]

Nothing in them is drawn by hand: a fleet of five Envoys and two edges is started, real requests go through it, a node
dies, and the console is photographed before, while and after. A node that has died comes back within a tenth of a
second; here it is given some seconds' rest, so that there is something to see.
"""

import argparse
import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from textual.pilot import Pilot

from hactl.control.aclient import AsyncClient
from hactl.core.talk import Snapshot
from hactl.drill.load_plan import LoadPlan
from hactl.drill.load_process import LoadProcess
from hactl.drill.phases import Phase
from hactl.paths import FleetPaths
from hactl.processes import demo
from hactl.tui.app import Console
from hactl.tui.drills import Means
from hactl.tui.screens.fleet import FleetPage
from hactl.tui.theme import DEFAULT, read, shipped

FLEET = "shop"
DRILL = "edge-hang"
SIZE = (120, 40)
REST = '\n[restart]\ninitial = "6s"\nbase = "6s"\n'
"""What the demo fleet is given besides: how long a killed node stays away."""
WARM = 45.0
"""Seconds of traffic before the first picture: a minute's graph wants something to show."""
PATIENCE = 60.0
"""Seconds after which what should have been seen will not be."""
_FONT_FACE = re.compile(r"@font-face\s*\{.*?\}\s*", re.DOTALL)
_FONT = "DejaVu Sans Mono, Menlo, Consolas, monospace"
_COMMENT = re.compile(r"\s*<!--.*?-->", re.DOTALL)
_OLD_FONT = re.compile(r"font-family:\s*Fira Code[^;]*;")


def cleaned(svg: str) -> str:
    """The picture without anything that whoever shows it would have to fetch: fonts are those that are there."""
    return _OLD_FONT.sub(f"font-family: {_FONT};", _COMMENT.sub("", _FONT_FACE.sub("", svg)))


class Photographer:
    """A console before a fleet, and a place for the pictures."""

    def __init__(self, pilot: Pilot[None], to: Path) -> None:
        self._pilot = pilot
        self._to = to

    @property
    def app(self) -> Console:
        """The console."""
        assert isinstance(self._pilot.app, Console)
        return self._pilot.app

    async def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            await self._pilot.press(key)
            await self._pilot.pause()

    async def point_at(self, node: str) -> None:
        """The cursor of the fleet's table on that row."""
        page = self.app.screen
        assert isinstance(page, FleetPage)
        keys = [row.key for row in page.table.shown]
        await self.press("g", *["down"] * keys.index(node))

    def strike(self, node: str) -> None:
        """Let a node die as by itself: what an operator kills is started again at once, and leaves nothing to see."""
        known = self.app.picture.snapshot
        assert known is not None
        launch = known.fleet.nodes[node].launch
        assert launch is not None
        os.kill(launch.pid, signal.SIGKILL)

    async def until(self, true: Callable[[Snapshot], bool]) -> None:
        """Look on until something is true of what the console knows."""
        async with asyncio.timeout(PATIENCE):
            while (known := self.app.picture.snapshot) is None or not true(known):
                await self._pilot.pause(0.02)

    async def pass_time(self, seconds: float) -> None:
        """Let the fleet do its work."""
        await self._pilot.pause(seconds)

    async def take(self, name: str) -> Path:
        """A picture of the console as it is now."""
        self.app._draw()
        await self._pilot.pause()
        path = self._to / f"{name}.svg"
        path.write_text(cleaned(self.app.export_screenshot(title="hactl")), encoding="utf-8")
        return path


@asynccontextmanager
async def photographer(
    paths: FleetPaths, to: Path, *, theme: str = DEFAULT, size: tuple[int, int] = SIZE
) -> AsyncIterator[Photographer]:
    """A console of that look and size before the fleet at `paths`."""
    async with AsyncClient(paths.control, patience=0.0) as client:
        means = Means(root=paths.drills, state=paths.state)
        console = Console(client, read(shipped()[theme]), fleet=FLEET, by="ann", drills=means)
        async with console.run_test(size=size) as pilot:
            yield Photographer(pilot, to)


async def failover(to: Path, *, rate: float, warm: float) -> list[Path]:
    """Before, while and after a node is killed under load; the pictures taken."""
    taken = []
    async with (
        demo.stage(name=FLEET, extra=REST) as built,
        LoadProcess(LoadPlan(url=built.url, rate=rate, duration=warm + 60.0)),
        photographer(built.paths, to) as camera,
    ):
        await camera.until(lambda known: all(node.serviceable for node in known.fleet.nodes.values()))
        await camera.pass_time(warm)
        await camera.point_at("seoul-2")
        await camera.press("K")
        await camera.pass_time(0.5)
        taken.append(await camera.take("question"))
        await camera.press("escape", "v")
        camera.strike("seoul-2")
        await camera.until(lambda known: known.fleet.last_failover_ms is not None)
        await camera.pass_time(3.0)
        taken.append(await camera.take("failover"))
        await camera.press("enter")
        await camera.pass_time(1.0)
        taken.append(await camera.take("node"))
        await camera.until(lambda known: not known.fleet.failovers)
        await camera.press("1")
        await camera.pass_time(6.0)
        taken.append(await camera.take("back"))
    return taken


async def drill(to: Path) -> Path:
    """Screen 5, a few seconds after the fault took effect; the drill goes on to its end. The picture taken."""
    async with demo.stage(name=FLEET) as built, photographer(built.paths, to) as camera:
        await camera.until(lambda known: all(node.serviceable for node in known.fleet.nodes.values()))
        command = (sys.executable, "-m", "hactl", "--fleet", FLEET, "drill", "run", DRILL, "--no-input")
        runner = await asyncio.create_subprocess_exec(*command, stdout=sys.stderr)
        await camera.press("5")
        await camera.until(lambda _: (course := camera.app.desk.course) is not None and course.phase is Phase.OBSERVE)
        await camera.pass_time(5.0)
        taken = await camera.take("drill")
        await runner.wait()
    return taken


def main() -> None:
    """Take them all."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--to", type=Path, default=Path("examples/pictures"), help="where they go")
    parser.add_argument("--rate", type=float, default=300.0, help="requests per second")
    parser.add_argument("--warm", type=float, default=WARM, help="seconds of traffic before the first one")
    options = parser.parse_args()
    options.to.mkdir(parents=True, exist_ok=True)
    taken = asyncio.run(failover(options.to, rate=options.rate, warm=options.warm))
    for path in (*taken, asyncio.run(drill(options.to))):
        print(f"{path}: {path.stat().st_size >> 10} kB", file=sys.stderr)


if __name__ == "__main__":
    main()
