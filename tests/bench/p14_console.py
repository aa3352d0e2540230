"""P14: what the console costs on a real terminal before a loaded fleet, and how soon a key is answered."""

import argparse
import asyncio
import fcntl
import os
import pty
import select
import signal
import statistics
import struct
import subprocess
import tempfile
import termios
from pathlib import Path

from common import Bench, BenchFleet, Values, command, cpu_seconds, loaded, median, mono
from pretended import Pretended, pretending

bench = Bench("P14", "console: processor time at its default pace; key to paint", "<= 6 % with 12 nodes; <= 100 ms p95")
bench.option("--nodes", 12, "gateway nodes")
bench.option("--rows", 0, "instead: so many nodes of a daemon that only pretends (the promise for 1,000 is <= 10 %)")
bench.option("--seconds", 20.0, "how long to measure")
bench.option("--rate", 300.0, "requests per second meanwhile")
bench.option("--keys", 60, "keys pressed, one after the other has been answered")

SIZE = (160, 48)


class Console:
    """A console on a terminal of its own; what it draws is read and counted."""

    def __init__(self, directory: Path, *arguments: str) -> None:
        """`hactl ARGUMENTS` in `directory`, whose state is beside."""
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", SIZE[1], SIZE[0], 0, 0))
        environment = os.environ | {
            "HACTL_STATE_DIR": str(directory / "state"),
            "TERM": "xterm-256color",
            "LANG": "C.UTF-8",
        }
        self._process = subprocess.Popen(
            [command(), *arguments],
            cwd=directory,
            env=environment,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        self.pid = self._process.pid
        self._terminal = ours
        self.drawn = 0
        """Bytes."""
        self.ended = False

    def read(self, seconds: float) -> bytes:
        """What it draws within so many seconds, as soon as there is anything."""
        ready, _, _ = select.select([self._terminal], [], [], seconds)
        try:
            data = os.read(self._terminal, 1 << 16) if ready else b""
        except OSError:  # it has ended
            self.ended = True
            data = b""
        self.drawn += len(data)
        return data

    def write(self, keys: bytes) -> None:
        """Press keys."""
        os.write(self._terminal, keys)

    def watch(self, seconds: float) -> None:
        """Read for so long, as a terminal does, or until it has ended."""
        end = mono() + seconds
        while mono() < end and not self.ended:
            self.read(max(0.0, min(0.2, end - mono())))

    def press(self, key: bytes) -> float:
        """Press a key when nothing is being drawn; ms until something is."""
        while self.read(0.03):
            pass
        begin = mono()
        os.write(self._terminal, key)
        self.read(2.0)
        return (mono() - begin) * 1000

    def close(self) -> None:
        """End it."""
        os.write(self._terminal, b"q")
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
        os.close(self._terminal)


async def run(options: argparse.Namespace, _: int) -> Values:
    """Processor time over the interval with nothing but traffic, then keys that move the cursor."""
    if options.rows:
        return await before_many(options)
    with BenchFleet(nodes=options.nodes, service=False) as fleet:
        async with loaded(fleet.url, rate=options.rate, duration=options.seconds + 20) as load:
            values = await measured(Console(fleet.directory), options)
            bench.judged(await load.finish())
    return values


async def before_many(options: argparse.Namespace) -> Values:
    """The same before a daemon that only pretends."""
    with tempfile.TemporaryDirectory(prefix="hb-") as directory:
        async with pretending(Path(directory) / "state", "bench", options.rows) as daemon, asyncio.TaskGroup() as tasks:
            beating = tasks.create_task(beat(daemon))
            values = await measured(Console(Path(directory), "--fleet", "bench"), options)
            beating.cancel()
    return values


async def beat(daemon: Pretended) -> None:
    """A measurement a second, as of a real one."""
    while True:
        daemon.second()
        await asyncio.sleep(1.0)


async def measured(console: Console, options: argparse.Namespace) -> Values:
    """What it takes, and how soon it answers."""
    try:
        await asyncio.to_thread(console.watch, 5.0)
        begin, used, drawn = mono(), cpu_seconds(console.pid), console.drawn
        await asyncio.to_thread(console.watch, options.seconds)
        passed, used, drawn = mono() - begin, cpu_seconds(console.pid) - used, console.drawn - drawn
        keys = [b"j", b"k"] * (options.keys // 2)
        times = [await asyncio.to_thread(console.press, key) for key in keys]
    finally:
        console.close()
    ordered = sorted(times)
    return {
        "rows": options.rows or options.nodes,
        "cpu": used / passed,
        "kb_per_s": drawn / passed / 1024,
        "key_p50_ms": statistics.median(ordered),
        "key_p95_ms": ordered[int(0.95 * (len(ordered) - 1))],
    }


def met(values: dict[str, list[float]]) -> bool:
    """The promise of a small fleet, or that of a thousand rows."""
    most = 0.10 if values["rows"][0] >= 1000 else 0.06
    return median(values, "cpu") <= most and median(values, "key_p95_ms") <= 100


if __name__ == "__main__":
    bench.main(run, met)
