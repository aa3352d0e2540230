"""What a check looks at (a subject) and what it has to say (findings). Not a check."""

from contextlib import suppress

from hactl.cli.choice import Chosen
from hactl.core.errors import HactlError
from hactl.core.model import Fleet
from hactl.core.spec import FleetSpec
from hactl.core.talk import Snapshot
from hactl.core.value import Value


class Finding(Value):
    """One thing that was looked at."""

    check: str
    ok: bool
    found: str
    absent: bool = False
    """It is not to be had on this machine, which is nobody's fault."""
    mend: str = ""
    """What to do about it; with `ok`, what would be better still; "" when there is nothing."""


class Subject(Value):
    """A machine and, if one is meant, a fleet on it."""

    chosen: Chosen | None
    spec: FleetSpec
    """What its file says; where that cannot be used, what is in force; else the defaults."""
    snapshot: Snapshot | None = None
    """What its daemon says; None without a daemon."""
    fleet: Fleet = Fleet()
    """As its daemon has it, else as its journal has it; an empty one when there is neither."""

    @property
    def pids(self) -> dict[str, int]:
        """The pid of every process that should run, by name."""
        alive = (node for node in self.fleet.nodes.values() if node.state.alive)
        return {node.name: node.launch.pid for node in alive if node.launch is not None}


def subject(chosen: Chosen | None, spec: FleetSpec | None) -> Subject:
    """What there is to look at; `spec` is what the fleet's file says, None when it cannot be used."""
    if chosen is None:
        return Subject(chosen=None, spec=FleetSpec())
    snapshot, fleet = None, Fleet()
    try:
        snapshot = chosen.client.fleet()
        fleet = snapshot.fleet
    except HactlError:
        if chosen.paths.has_journal:
            from hactl.processes.succession import rehearse

            with suppress(HactlError):
                fleet = rehearse(chosen.paths)
    return Subject(chosen=chosen, spec=spec or fleet.spec, snapshot=snapshot, fleet=fleet)
