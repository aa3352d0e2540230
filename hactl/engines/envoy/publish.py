"""Brings one running edge to new documents and endpoints, and proves it. Does not decide what they say.

Three things must agree before a plan counts as published: Envoy names the version it uses, no rejection was counted,
and a real request through this very edge reached a node the plan allows. Otherwise the last good files go back. Nodes
that are new to the edge have passed its first check by then, unless they do not answer: it uses none before that. A
certificate counts when a real handshake with this very edge has shown it.
"""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import cast

import msgspec

from hactl.core.certificate import Certificate
from hactl.core.errors import HactlError
from hactl.core.running import PlanRefused
from hactl.core.value import replace
from hactl.engines.envoy import client_tls
from hactl.engines.envoy.admin import Admin
from hactl.engines.envoy.document import CLUSTER, ENDPOINTS, LISTENER, ROUTES, SECRET, Document, Documents, discovery
from hactl.engines.envoy.routes import ECHO, MARK
from hactl.engines.envoy.seat import Seat, place
from hactl.engines.envoy.twin import reason
from hactl.engines.http1 import Http1Client, Response

CONFIRM_SECONDS = 1.0
"""Confirmations take 3 to 20 ms; an edge that needs this long is as good as frozen."""
PROVE_SECONDS = 1.0
_BACK_SECONDS = 0.25
_STATS = r"(version_text|update_(rejected|failure)|warming_clusters)$"
_BEFORE_RDS = re.compile(r"^http\.\w+\.rds\.")
_FIRST_CHECK_SECONDS = 0.15
"""How long a node that is new to an edge may take to answer its first check, before nobody waits for it any more."""
_FAST, _SLOW = 0.001, 0.010
_CALL = "content-type: application/grpc\r\nte: trailers\r\n"

Proof = Callable[[Response], str]
"""Says what is wrong with the answer to the proving request; "" when it proves the plan."""

_CLUSTER_TEXTS = ("cluster_manager.cds.version_text",)
_ROUTE_TEXTS = ("rds.edge_routes.version_text",)
"""Both listeners share one subscription, which is counted under the name of the one that asked first."""
_LISTENER_TEXTS = ("listener_manager.lds.version_text",)
_SECRET_TEXTS = (f"sds.{client_tls.NAME}.version_text",)


class _Step:
    """Files that may be moved into place together, and the statistics that confirm them."""

    def __init__(self, suffix: str = "") -> None:
        self.suffix = suffix
        """Of the version, where an earlier step has published another content of the same file."""
        self.files: list[tuple[Path, str, tuple[Document, ...]]] = []
        self.texts: tuple[str, ...] = ()

    def add(self, path: Path, kind: str, texts: tuple[str, ...], *resources: Document) -> None:
        self.files.append((path, kind, resources))
        self.texts += texts


class Publisher:
    """Publishes to one launch of one edge, one publication at a time."""

    def __init__(self, seat: Seat, admin: Admin, proof: Http1Client) -> None:
        self._seat = seat
        self._admin = admin
        self._proof = proof
        self._lock = asyncio.Lock()
        self._rejections: dict[str, int] = {}
        self._grpc = False
        self.given: Documents | None = None
        """What it uses; None when that is not known, as after an adoption."""
        self._shown: Certificate | None = None
        """What it was last seen to show."""

    async def publish(
        self,
        version: str,
        documents: Documents,
        endpoints: Document,
        proof: Proof | None,
        certificate: Certificate | None = None,
        *,
        grpc: bool = False,
    ) -> None:
        """Move what changed into place, wait for the confirmation, send the proving request: a call, to `grpc` nodes.

        `version` must be unique; `certificate` is what the secrets among the documents are to make it show. Raises
        PlanRefused; the last good files are then back in place.
        """
        async with self._lock:
            steps, shown = self._steps(documents, endpoints)
            known = addresses(_read(self._seat.endpoints))
            self._grpc = grpc
            async with self._putting_back(steps, version) as log_end:
                for step in steps:
                    await self._apply(step, version + step.suffix, log_end)
                await self._first_checks(addresses(endpoints) - known, _readers(documents))
                if proof is not None:
                    await self._prove(proof)
            # A certificate that an edge will not have must not keep it from sending its requests elsewhere.
            self.given = replace(documents, secrets=() if self.given is None else self.given.secrets)
            if certificate is not None and (shown.files or certificate != self._shown):
                async with self._putting_back([shown], version) as log_end:
                    await self._apply(shown, version, log_end)
                    await client_tls.prove(self._seat, certificate, PROVE_SECONDS)
            self.given = documents
            self._shown = certificate

    def _steps(self, documents: Documents, endpoints: Document) -> tuple[list[_Step], _Step]:
        """Clusters with their endpoints first; routes only when their clusters are there; then listeners.

        A cluster goes last, when nothing uses it any more; then come secrets, by themselves.
        """
        seat, given = self._seat, self.given
        first, second, third, fourth, last = _Step(), _Step(), _Step(), _Step(".end"), _Step()
        texts = tuple(f"cluster.{name}.version_text" for name in _readers(documents))
        first.add(seat.endpoints, ENDPOINTS, texts, endpoints)
        if given is None or given.clusters != documents.clusters:
            gone = _gone(_read(seat.clusters), documents)
            first.add(seat.clusters, CLUSTER, _CLUSTER_TEXTS, *documents.clusters, *gone)
            if gone:
                fourth.add(seat.clusters, CLUSTER, _CLUSTER_TEXTS, *documents.clusters)
        if given is None or given.routes != documents.routes:
            second.add(seat.routes, ROUTES, _ROUTE_TEXTS, documents.routes)
        if given is None or given.listeners != documents.listeners:
            if documents.secrets:
                third.add(seat.secrets, SECRET, (), *documents.secrets)  # Envoy looks for the file at once
            third.add(seat.listeners, LISTENER, _LISTENER_TEXTS, *documents.listeners)
        if documents.secrets and (given is None or given.secrets != documents.secrets):
            last.add(seat.secrets, SECRET, _SECRET_TEXTS, *documents.secrets)
        return [step for step in (first, second, third, fourth) if step.files], last

    @contextlib.asynccontextmanager
    async def _putting_back(self, steps: list[_Step], version: str) -> AsyncIterator[int]:
        """If what is done meanwhile fails, the files that these steps replace are put back. Yields where the log ends.

        Raises PlanRefused in place of other errors that are known.
        """
        before = {path: _read(path) for step in steps for path, _, _ in step.files}
        try:
            if not self._rejections:
                self._rejections = (await self._look(CONFIRM_SECONDS))[1]
            yield _size(self._seat.log)
        except HactlError as error:
            await self._put_back(before, steps, f"{version}.back")
            if isinstance(error, PlanRefused):
                raise
            raise PlanRefused(error.message, error.hint) from error
        except BaseException:
            # interrupted half-way: nobody knows what it uses, so everything is published next time
            self.given = None
            raise

    async def _apply(self, step: _Step, version: str, log_end: int) -> None:
        for path, kind, resources in step.files:
            place(self._seat, path, discovery(version, kind, *resources))
        loop = asyncio.get_running_loop()
        deadline = loop.time() + CONFIRM_SECONDS
        pause = _FAST
        while True:
            texts, rejections, warming = await self._look(max(0.05, deadline - loop.time()))
            refused = [name for name, count in rejections.items() if count > self._rejections.get(name, 0)]
            self._rejections = rejections
            if refused:
                why = await asyncio.to_thread(_last_complaint, self._seat.log, log_end)
                raise PlanRefused(f"{self._seat.name!r} rejects the plan: {why}")
            if not warming and all(texts.get(name) == version for name in step.texts):
                return
            if loop.time() >= deadline:
                raise PlanRefused(f"{self._seat.name!r} did not confirm the plan within {CONFIRM_SECONDS:.0f} s")
            await asyncio.sleep(pause)
            pause = min(_SLOW, pause * 1.5)

    async def _first_checks(self, fresh: set[tuple[str, int]], clusters: list[str]) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _FIRST_CHECK_SECONDS
        pause = _FAST
        while fresh and (left := deadline - loop.time()) > 0:
            try:
                passed = [await self._admin.checked(cluster, timeout=max(0.05, left)) for cluster in clusters]
            except HactlError:  # busy for longer than anybody waits for a check: no reason to refuse the plan
                return
            if all(fresh <= each for each in passed):
                return
            await asyncio.sleep(pause)
            pause = min(_SLOW, pause * 1.5)

    async def _look(self, timeout: float) -> tuple[dict[str, str], dict[str, int], bool]:
        """Version texts, counts of rejections, and whether a cluster is still warming."""
        texts: dict[str, str] = {}
        rejections: dict[str, int] = {}
        warming = False
        for stat in await self._admin.stats(_STATS, timeout=timeout):
            if isinstance(stat.value, str):
                texts[_BEFORE_RDS.sub("rds.", stat.name)] = stat.value
            elif stat.name.endswith("warming_clusters"):
                warming = stat.value > 0
            else:
                rejections[stat.name] = stat.value
        return texts, rejections, warming

    async def _prove(self, proof: Proof) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + PROVE_SECONDS
        pause = _FAST
        while True:
            try:
                wrong = proof(await self._ask(max(0.05, deadline - loop.time())))
            except OSError as error:
                wrong = f"no answer: {error or type(error).__name__}"
            if not wrong:
                return
            if loop.time() >= deadline:
                raise PlanRefused(
                    f"{self._seat.name!r} accepted the plan, but a request through it shows otherwise: {wrong}"
                )
            await asyncio.sleep(pause)
            pause = min(_SLOW, pause * 1.5)

    async def _ask(self, timeout: float) -> Response:
        """The proving request. A gRPC server resets what is no call, late; a call of something unknown it answers."""
        if self._grpc:
            return await self._proof.post(ECHO, timeout=timeout, headers=_CALL)
        return await self._proof.get(ECHO, timeout=timeout, headers=MARK)

    async def _put_back(self, before: dict[Path, Document | None], steps: list[_Step], version: str) -> None:
        """The last good files under a new version; waits for a moment until requests are answered by them again."""
        given, self.given = self.given, None  # until they are proved: nobody knows what it uses
        for path, document in before.items():
            if document is not None:
                place(self._seat, path, {**document, "version_info": version})
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _BACK_SECONDS
        wanted = steps[0].texts[:1]
        try:
            while (left := deadline - loop.time()) > 0:
                texts, self._rejections, warming = await self._look(left)
                in_use = not warming and all(texts.get(name) == version for name in wanted)
                if in_use and (await self._ask(left)).status < 500:
                    self.given = given
                    return
                await asyncio.sleep(_SLOW)
        except (HactlError, OSError):
            return  # an edge that does not answer is told everything again


def _readers(documents: Documents) -> list[str]:
    """The clusters that read the one file of endpoints."""
    return [str(cluster["name"]) for cluster in documents.clusters if "eds_cluster_config" in cluster]


def _gone(before: Document | None, documents: Documents) -> list[Document]:
    """Clusters in the file that is in place that are not to be there any more."""
    names = {cluster["name"] for cluster in documents.clusters}
    in_place = cast("list[Document]", before["resources"]) if before else []
    return [cluster for cluster in in_place if cluster["name"] not in names]


def addresses(assignment: Document | None) -> set[tuple[str, int]]:
    """The addresses of the nodes in a plan's document, or in the file that holds one, in use or not.

    Not of those that are listed as unhealthy: they are out, only counted, and would pass no check.
    """
    found: set[tuple[str, int]] = set()
    if assignment is None:
        return found
    for part in cast("list[Document]", assignment.get("resources", [assignment])):
        for locality in cast("list[Document]", part.get("endpoints", [])):
            for one in cast("list[Document]", locality.get("lb_endpoints", [])):
                if one["health_status"] == "UNHEALTHY":
                    continue
                at = cast("dict[str, dict[str, Document]]", one["endpoint"])["address"]["socket_address"]
                found.add((str(at["address"]), cast(int, at["port_value"])))
    return found


def _read(path: Path) -> Document | None:
    """The document that is in place; None when there is none that can be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Document)
    except (OSError, msgspec.DecodeError):
        return None


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _last_complaint(log: Path, start: int) -> str:
    """The newest complaint Envoy wrote to its log since it was `start` bytes long."""
    try:
        with log.open("rb") as file:
            file.seek(start)
            said = file.read(1 << 16).decode(errors="replace")
    except OSError:
        said = ""
    return reason(said) if said else "see its log"
