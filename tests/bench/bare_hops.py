"""The same two hops as a fleet, configured by hand: plain Envoys with static documents from `bare/`, no supervisor."""

import contextlib
import json
import os
import subprocess
import tempfile
import time
from http.client import HTTPConnection
from pathlib import Path
from string import Template

from common import free_port

from hactl.engines.envoy.binary import find

_TEMPLATES = Path(__file__).parent / "bare"


class BareHops:
    """Edges that share a port, nodes behind them; all ended when the block is left."""

    def __init__(self, *, nodes: int, edges: int) -> None:
        self.port = free_port()
        self.processes: list[subprocess.Popen[bytes]] = []
        self._nodes, self._edges = nodes, edges
        self._stack = contextlib.ExitStack()

    @property
    def pids(self) -> list[int]:
        """Of every Envoy."""
        return [process.pid for process in self.processes]

    def __enter__(self) -> "BareHops":
        with contextlib.ExitStack() as stack:
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hb-")))
            cores = os.cpu_count() or 1
            ports = [free_port() for _ in range(self._nodes)]
            for number, port in enumerate(ports):
                self._start(stack, directory / f"n{number}", "node", cores // self._nodes, port=port)
            endpoints = [
                {
                    "endpoint": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": port}}},
                    "load_balancing_weight": 100,
                    "metadata": {"filter_metadata": {"bare": {"node": f"node-{number}"}}},
                }
                for number, port in enumerate(ports)
            ]
            for number in range(self._edges):
                given = {"port": self.port, "endpoints": json.dumps(endpoints)}
                self._start(stack, directory / f"e{number}", "edge", cores // self._edges, **given)
            _until_answered(self.port)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _start(
        self, stack: contextlib.ExitStack, directory: Path, template: str, threads: int, **values: object
    ) -> None:
        directory.mkdir()
        document = Template((_TEMPLATES / f"{template}.json.in").read_text()).substitute(dir=directory, **values)
        (directory / "envoy.json").write_text(document)
        log = stack.enter_context((directory / "log").open("wb"))
        argv = [str(find()), "-c", str(directory / "envoy.json"), "--disable-hot-restart", "-l", "warning"]
        process = subprocess.Popen([*argv, "--concurrency", str(max(1, threads))], stdout=log, stderr=log)
        stack.callback(_end, process)
        self.processes.append(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


def _until_answered(port: int) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            connection = HTTPConnection("127.0.0.1", port, timeout=1)
            connection.request("GET", "/")
            status = connection.getresponse().status
            connection.close()
            if status == 200:
                return
        except OSError:
            pass
        if time.monotonic() > deadline:
            raise TimeoutError("the hops configured by hand do not answer")
        time.sleep(0.05)
