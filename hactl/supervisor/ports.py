"""What the shell needs of the other wings, in its own words, narrow. Adapters fit by shape; nothing is registered."""

from collections.abc import Iterable
from typing import Protocol

from hactl.core.certificate import Certificate
from hactl.core.commands import Apply, Scale
from hactl.core.events import Record
from hactl.core.hop import HopOrder, HopReadings
from hactl.core.impairment import Impairment
from hactl.core.model import Fleet, Proposal
from hactl.core.node import Node
from hactl.core.plan import TrafficPlan
from hactl.core.running import CommandLine, EdgeReading, ProbeAnswer
from hactl.core.talk import Measured


class ProcessKind(Protocol):
    """The one door to a kind of process: an edge engine or a gateway kind."""

    async def prepare(self, node: Node, fleet: Fleet) -> CommandLine:
        """Write everything the process needs and say how to start it; validated before any process sees it.

        Raises HactlError when the documents are refused or the binary is missing.
        """
        ...

    async def judge(self, fleet: Fleet) -> None:
        """Return when processes of `fleet` could be started as it is configured. Raises HactlError with the reason."""
        ...

    def identity(self, fleet: Fleet) -> str:
        """Equal for two fleets when no process needs a restart to get from the one to the other."""
        ...

    async def probe(self, node: Node, timeout: float) -> ProbeAnswer:
        """Ask the process once whether it is well, by a real request. Never raises: a failure is an answer."""
        ...

    async def drain(self, node: Node) -> None:
        """Ask the process to shed its connections. Raises HactlError when it cannot be told."""
        ...

    async def undrain(self, node: Node) -> None:
        """Take a drain back. Raises HactlError when it cannot be told."""
        ...

    async def in_flight(self, node: Node) -> int | None:
        """Requests the process is working on; None when it cannot tell (ask the edges then)."""
        ...

    async def unfinished(self, node: Node) -> int | None:
        """Requests, streams and WebSockets among them, that would be cut off if it ended now; None: ask the edges."""
        ...

    async def forget(self, node: Node) -> None:
        """Drop connections kept to a process that has ended."""
        ...


class GatewayEngine(ProcessKind, Protocol):
    """A process kind that does what clients ask for."""

    async def impair(self, node: Node, fault: Impairment | None) -> None:
        """Make the process of `node`, and no other that has taken its place, treat requests so, or as ever.

        Returns when that was read back. Raises ImpairmentImpossible when it cannot be, and HactlError when it cannot be
        told or says otherwise.
        """
        ...

    def places(self, service: str, count: int) -> tuple[str, ...]:
        """Where nodes that are led through a proxy look for the endpoints of a service: paths of sockets, one each."""
        ...

    async def lead(self, node: Node, services: tuple[str, ...], known: tuple[str, ...]) -> None:
        """Have the process of `node`, and no other that has taken its place, call these of all `known` services there,
        and all others as ever.

        Returns when that was read back. Raises LeadingImpossible when it cannot be, and HactlError when it cannot be
        told or says otherwise.
        """
        ...


class HopDisturber(Protocol):
    """The proxy that stands in disturbed hops: a process that ends with us."""

    async def tell(self, orders: tuple[HopOrder, ...]) -> tuple[int, HopReadings]:
        """Have it stand in these hops and in no others; its pid, and what is so then. Started when there is none.

        Raises HactlError when it cannot be started or does not answer; then there is none.
        """
        ...

    async def ended(self) -> int:
        """Wait until its process has ended; its exit code. Returns at once when there is none."""
        ...

    async def close(self) -> None:
        """End it."""
        ...


class EdgeEngine(ProcessKind, Protocol):
    """A process kind that balances traffic."""

    async def publish(self, edge: Node, fleet: Fleet, plan: TrafficPlan) -> None:
        """Bring one edge to `plan` and prove it: its own confirmation *and* a real request through that edge.

        Raises PlanRefused when the edge will not take it or does not confirm in time; it then has its last good one.
        """
        ...

    async def read(self, edge: Node, fleet: Fleet) -> EdgeReading:
        """Counters of everything this edge did. Raises HactlError when it does not answer."""
        ...

    async def certify(self, fleet: Fleet) -> Certificate:
        """Judge the certificate in the files that the configuration names, and keep a private copy for the edges.

        Raises HactlError when edges could not use it; nothing of what they use has then changed.
        """
        ...


class Proposer(Protocol):
    """Reads and judges configurations that are to come into force."""

    async def propose(self, command: Apply | Scale, fleet: Fleet) -> Proposal:
        """What `command` comes to for `fleet`; ports for new processes included.

        Raises ConfigError for one that cannot be used, and HactlError when an engine refuses it.
        """
        ...


class Samples(Protocol):
    """Where measurements are kept for those who look back; nothing that is decided depends on it."""

    def keep(self, measured: Measured, seq: int) -> None:
        """Keep one moment, at which the fleet stood at `seq`. Never waits and never fails: what has no room is lost."""
        ...

    def limit(self, *, max_age: float, max_size: int) -> None:
        """How long measurements are kept, in seconds, and how many bytes of them; nobody waits for a disk."""
        ...


class Journal(Protocol):
    """The append-only record of events."""

    def append(self, records: Iterable[Record], *, durable: bool) -> None:
        """Write records in one transaction; `durable` survives a power cut, otherwise a kill -9.

        Raises JournalFull when there is no room; nothing of this call is then written.
        """
        ...

    def checkpoint(self, fleet: Fleet) -> None:
        """Keep a whole picture so that a start need not replay everything before it."""
        ...

    def load(self) -> tuple[Fleet | None, list[Record]]:
        """The newest checkpoint, and every record after it."""
        ...

    def prune(self, older_than: float) -> int:
        """Let go of records from before `older_than` (Unix time) that no start would replay; how many went."""
        ...

    def trim(self, max_size: int) -> int:
        """Let go of the oldest records that no start would replay, as long as it takes more bytes; how many went."""
        ...

    def size(self) -> int:
        """Bytes in use."""
        ...

    def query(
        self, *, after: int = 0, before: int = 0, since: float = 0.0, kinds: tuple[str, ...] = (), limit: int = 100
    ) -> list[Record]:
        """Records with seq > after (and < before, when given), not older than `since` (Unix time), oldest first.

        Without `after` the newest `limit` records are meant.
        """
        ...
