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
import termios

from common import Bench, BenchFleet, Values, command, cpu_seconds, loaded, median, mono

bench = Bench("P14", "console: processor time at its default pace; key to paint", "<= 6 % with 12 nodes; <= 100 ms p95")
bench.option("--nodes", 12, "gateway nodes")
bench.option("--seconds", 20.0, "how long to measure")
bench.option("--rate", 300.0, "requests per second meanwhile")
bench.option("--keys", 60, "keys pressed, one after the other has been answered")

SIZE = (160, 48)


class Console:
    """A console on a terminal of its own; what it draws is read and counted."""

    def __init__(self, fleet: BenchFleet) -> None:
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", SIZE[1], SIZE[0], 0, 0))
        environment = os.environ | {
            "HACTL_STATE_DIR": str(fleet.directory / "state"),
            "TERM": "xterm-256color",
            "LANG": "C.UTF-8",
        }
        self._process = subprocess.Popen(
            [command()],
            cwd=fleet.directory,
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

    def read(self, seconds: float) -> bytes:
        """What it draws within so many seconds, as soon as there is anything."""
        ready, _, _ = select.select([self._terminal], [], [], seconds)
        data = os.read(self._terminal, 1 << 16) if ready else b""
        self.drawn += len(data)
        return data

    def watch(self, seconds: float) -> None:
        """Read for so long, as a terminal does."""
        end = mono() + seconds
        while mono() < end:
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
    with BenchFleet(nodes=options.nodes, service=False) as fleet:
        async with loaded(fleet.url, rate=options.rate, duration=options.seconds + 20) as load:
            console = Console(fleet)
            try:
                await asyncio.to_thread(console.watch, 5.0)
                begin, used, drawn = mono(), cpu_seconds(console.pid), console.drawn
                await asyncio.to_thread(console.watch, options.seconds)
                passed, used, drawn = mono() - begin, cpu_seconds(console.pid) - used, console.drawn - drawn
                keys = [b"j", b"k"] * (options.keys // 2)
                times = [await asyncio.to_thread(console.press, key) for key in keys]
            finally:
                console.close()
            bench.judged(await load.finish())
    ordered = sorted(times)
    return {
        "cpu": used / passed,
        "kb_per_s": drawn / passed / 1024,
        "key_p50_ms": statistics.median(ordered),
        "key_p95_ms": ordered[int(0.95 * (len(ordered) - 1))],
    }


if __name__ == "__main__":
    bench.main(run, lambda values: median(values, "cpu") <= 0.06 and median(values, "key_p95_ms") <= 100)
