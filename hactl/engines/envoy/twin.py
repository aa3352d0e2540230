"""Lets Envoy itself judge documents before a running Envoy sees them. Not a check of endpoints: those change too often.

`envoy --mode validate` does not open resource files, so it is shown a *static twin*: the same listeners, routes and
clusters inline. That matters because a running Envoy that rejects a file still drops what the file no longer names.

What was accepted is remembered in memory only: a file that claims so could have been planted.
"""

import asyncio
import copy
import hashlib
import re
from pathlib import Path
from typing import Any, cast

import msgspec

from hactl.core.errors import HactlError
from hactl.engines.envoy.document import Document, Documents
from hactl.engines.envoy.seat import Seat, place, take

_SECONDS = 20.0
"""Envoy needs 0.05 s; a machine that takes this long is out of memory or out of luck."""
_REMEMBERED = 64


class Twin:
    """Judges documents; what is unchanged is judged once.

    Documents must be made for `seat` and a canonical node, so that all nodes of a fleet share one verdict.
    """

    def __init__(self, seat: Seat) -> None:
        self.seat = seat
        self._accepted: dict[bytes, None] = {}
        self._lock = asyncio.Lock()

    async def judge(self, binary: Path, documents: Documents, *, hint: str = "") -> None:
        """Return when Envoy would take `documents`.

        Raises HactlError with Envoy's own reason, in one line, and with `hint` on what to look at.
        """
        twin = static_twin(documents)
        digest = hashlib.sha256(str(binary).encode() + msgspec.json.encode(twin)).digest()
        async with self._lock:
            if digest in self._accepted:
                return
            take(self.seat)
            place(self.seat, self.seat.bootstrap, twin)
            await _validate(binary, self.seat.bootstrap, hint)
            self._accepted[digest] = None
            if len(self._accepted) > _REMEMBERED:
                del self._accepted[next(iter(self._accepted))]


def static_twin(documents: Documents) -> Document:
    """`documents` as one start-up document with nothing left to discover."""
    bootstrap = {key: value for key, value in documents.bootstrap.items() if key != "dynamic_resources"}
    listeners = [_inline(listener, documents.routes) for listener in documents.listeners]
    clusters = [_static(cluster) for cluster in documents.clusters]
    secrets = {"secrets": list(documents.secrets)} if documents.secrets else {}
    return {**bootstrap, "static_resources": {"listeners": listeners, "clusters": clusters, **secrets}}


def reason(said: str) -> str:
    """What Envoy complained about, as one line."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    telling = [line for line in lines if re.search(r"error|reject|fail|invalid|unknown", line, re.IGNORECASE)]
    line = (telling or lines or ["envoy gave no reason"])[-1]
    line = re.sub(r"^(\[[^\]]*\]\s*)+", "", line)
    # which file it was says nothing to anybody, and a whole document hides what is wrong with it
    line = re.sub(r"^(error initializing configuration '[^']*')?: ", "", line).partition('): {"')[0]
    return re.sub(r"\s+", " ", line)[:500]


def _inline(listener: Document, routes: Document) -> Document:
    copied = copy.deepcopy(listener)
    for chain in cast("list[dict[str, Any]]", copied["filter_chains"]):
        if tls := chain.get("transport_socket"):
            for secret in tls["typed_config"]["common_tls_context"]["tls_certificate_sds_secret_configs"]:
                del secret["sds_config"]  # without it the name means one of `secrets`
        for network_filter in chain["filters"]:
            http = cast(Document, network_filter["typed_config"])
            del http["rds"]
            http["route_config"] = {**routes, "validate_clusters": True}
    return copied


def _static(cluster: Document) -> Document:
    if cluster.get("type") != "EDS":
        return cluster
    rest = {key: value for key, value in cluster.items() if key != "eds_cluster_config"}
    return {**rest, "type": "STATIC", "load_assignment": {"cluster_name": cluster["name"], "endpoints": []}}


async def _validate(binary: Path, path: Path, hint: str) -> None:
    arguments = ("--mode", "validate", "-c", str(path), "--disable-hot-restart", "--concurrency", "1", "-l", "error")
    try:
        process = await asyncio.create_subprocess_exec(
            binary,
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        raise HactlError(f"{str(binary)!r} does not run: {error}") from error
    try:
        async with asyncio.timeout(_SECONDS):
            said, _ = await process.communicate()
    except TimeoutError as error:
        raise HactlError(f"envoy did not validate {str(path)!r} within {_SECONDS:.0f} s") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        raise HactlError(f"envoy rejects these documents: {reason(said.decode(errors='replace'))}", hint)
