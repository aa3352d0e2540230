"""What a drill itself puts on a machine: more requests, busy CPUs, memory in use, a full disk. Values only.

None of it is done to a process of the fleet, so there is nothing for the daemon to take back. It is done by processes
of the drill's own, which end with whoever started them, whatever becomes of that: `burdening`.
"""

from hactl.core.value import Value

MOST_MEMORY = 4 << 30
"""Bytes that a drill takes at most, whatever its share comes to."""


class _Burden(Value, tag=True, tag_field="burden"):
    pass


class Surge(_Burden):
    """Many more clients than usual, all at once."""

    factor: float = 1.0
    """Times the rate of the load, the load itself included; 1 for no more requests than that."""
    reconnects: int = 0
    """Connections that are open and idle, are cut, and are opened again in the same moment with a request each."""

    def __str__(self) -> str:
        parts = [f"{self.factor:g} times the requests"] if self.factor > 1 else []
        parts += [f"{self.reconnects} clients reconnecting at once"] if self.reconnects else []
        return ", ".join(parts) or "nothing"


class BusyProcessors(_Burden):
    """Processes that never rest, on every processor that the nodes may run on."""

    per_cpu: int = 2
    """So many on each."""

    def __str__(self) -> str:
        return f"{self.per_cpu} busy processes on each of its CPUs"


class MemoryInUse(_Burden):
    """Memory that is taken and touched, so that it is really used."""

    share: float
    """Part of what could be had without swapping when it is taken (0..1)."""

    def __str__(self) -> str:
        return f"{self.share * 100:g} % of the available memory, at most {MOST_MEMORY >> 30} GiB"


class FullDisk(_Burden):
    """Every byte that is free where the fleet keeps its state, taken again as soon as there are any."""

    def __str__(self) -> str:
        return "no byte left for the fleet's state"


Burden = Surge | BusyProcessors | MemoryInUse | FullDisk
