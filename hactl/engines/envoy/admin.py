"""One Envoy's admin socket: what hactl asks and tells through it. Says nothing about when.

Changes need POST; reads are filtered by Envoy itself, because everything it counts comes to 100 KB and more. What is
decoded is kept from the garbage collector: thousands of small things twice a second, and never a circle among them.
"""

from typing import TypeVar

import msgspec

from hactl.core.errors import HactlError
from hactl.engines.envoy.seat import Seat
from hactl.engines.http1 import Http1Client

_TIMEOUT = 1.0
T = TypeVar("T")


class Stat(msgspec.Struct, gc=False):
    """One statistic; of the histograms nothing but their bins."""

    name: str = ""
    value: int | str = 0
    histograms: "Histograms | None" = None


class Bin(msgspec.Struct, gc=False):
    """One bin of a histogram, in the histogram's own unit."""

    lower_bound: float
    width: float
    count: int


class Histogram(msgspec.Struct, gc=False):
    """All values since the process started."""

    name: str
    totals: list[Bin] = []


class Histograms(msgspec.Struct, gc=False):
    """The histograms of an answer."""

    details: list[Histogram] = []


class Stats(msgspec.Struct, gc=False):
    """A whole answer."""

    stats: list[Stat]


class SocketAddress(msgspec.Struct, gc=False):
    """Where a host listens."""

    address: str
    port_value: int


class Address(msgspec.Struct, gc=False):
    """The address of a host; of one on a Unix socket nothing."""

    socket_address: SocketAddress | None = None


class HostHealth(msgspec.Struct, gc=False):
    """What keeps a host from being used, as far as active checks go."""

    failed_active_health_check: bool = False
    pending_active_hc: bool = False


class Host(msgspec.Struct, gc=False):
    """One host of a cluster."""

    address: Address
    health_status: HostHealth = msgspec.field(default_factory=HostHealth)


class Cluster(msgspec.Struct, gc=False):
    """One cluster."""

    host_statuses: list[Host] = []


class Clusters(msgspec.Struct, gc=False):
    """What /clusters says."""

    cluster_statuses: list[Cluster] = []


class Entry(msgspec.Struct, gc=False):
    """What one key of the runtime is set to, whichever layer says so."""

    final_value: str


class Runtime(msgspec.Struct, gc=False):
    """What /runtime says: of keys that nobody has set, nothing."""

    entries: dict[str, Entry] = {}


class Dumped(msgspec.Struct, gc=False):
    """One resource of a dump, undecoded."""

    cluster: msgspec.Raw = msgspec.Raw(b"")


class Dump(msgspec.Struct, gc=False):
    """What /config_dump says of clusters."""

    configs: list[Dumped] = []


_decoder = msgspec.json.Decoder(Stats)
_runtime = msgspec.json.Decoder(Runtime)
_clusters = msgspec.json.Decoder(Clusters)
_dump = msgspec.json.Decoder(Dump)


class Admin:
    """Talks to the admin socket of the process at `seat`."""

    def __init__(self, seat: Seat, *, pid: int = 0) -> None:
        """With `pid` it talks to that process and to no other that has taken its place meanwhile."""
        self._name = seat.name
        self._client = Http1Client(path=str(seat.admin), pid=pid)

    async def stats(self, pattern: str, *, options: str = "", timeout: float = _TIMEOUT) -> list[Stat]:
        """Statistics whose name matches `pattern` (a regular expression, safe in a URL). Raises HactlError."""
        target = f"/stats?format=json&filter={pattern}{options}"
        return (await self._read(target, _decoder, "statistics", timeout)).stats

    async def checked(self, cluster: str, *, timeout: float = _TIMEOUT) -> set[tuple[str, int]]:
        """The hosts of a cluster that have passed their active checks, by address and port. Raises HactlError."""
        said = await self._read(f"/clusters?format=json&filter=%5E{cluster}%24", _clusters, "clusters", timeout)
        return {
            (at.address, at.port_value)
            for one in said.cluster_statuses
            for host in one.host_statuses
            if (at := host.address.socket_address) is not None
            and not (host.health_status.failed_active_health_check or host.health_status.pending_active_hc)
        }

    async def runtime(self) -> dict[str, str]:
        """Every key of the runtime that is set, with its value. Raises HactlError."""
        said = await self._read("/runtime", _runtime, "a runtime", _TIMEOUT)
        return {key: entry.final_value for key, entry in said.entries.items()}

    async def running(self, cluster: str, kind: type[T]) -> T:
        """The document of a cluster that it really runs with. Raises HactlError when there is none of that name."""
        target = f"/config_dump?resource=dynamic_active_clusters&name_regex=%5E{cluster}%24"
        said = await self._read(target, _dump, "a configuration", _TIMEOUT)
        found = next((one.cluster for one in said.configs if len(one.cluster)), None)
        if found is None:
            raise HactlError(f"{self._name!r} runs without a cluster {cluster!r}")
        try:
            return msgspec.json.decode(found, type=kind)
        except msgspec.DecodeError as error:
            raise HactlError(f"{self._name!r} runs with a cluster in an unexpected format: {error}") from error

    async def post(self, target: str) -> None:
        """Tell it something. Raises HactlError."""
        try:
            answer = await self._client.post(target, timeout=_TIMEOUT)
        except OSError as error:
            raise self._silent(error) from error
        if answer.status != 200:
            raise HactlError(f"{self._name!r} answered {answer.status} to {target!r}")

    async def _read(self, target: str, decoder: msgspec.json.Decoder[T], what: str, timeout: float) -> T:
        try:
            answer = await self._client.get(target, timeout=timeout)
        except OSError as error:
            raise self._silent(error) from error
        if answer.status != 200:
            raise HactlError(f"the admin socket of {self._name!r} answered {answer.status} to a read")
        try:
            return decoder.decode(answer.body)
        except msgspec.DecodeError as error:
            raise HactlError(f"{self._name!r} answered with {what} in an unexpected format: {error}") from error

    def close(self) -> None:
        """Drop kept connections."""
        self._client.close()

    def _silent(self, error: OSError) -> HactlError:
        return HactlError(f"the admin socket of {self._name!r} does not answer: {error or type(error).__name__}")
