"""What a daemon does first: read the journal, look at the machine, and let the core decide how to continue.

A changed configuration takes effect only when nothing of the fleet runs: a running fleet keeps the one it has, and its
operator is told. What concerns the daemon alone takes effect at once: its rules can be changed by restarting it, which
is also the way back from `safety.read_only`. An unusable file is no reason for a gateway to stay down: the last good
configuration is used instead, where the caller allows it, and that is reported.
"""

import os
from collections.abc import Iterator

from hactl import config
from hactl.core.config_events import ConfigTaken, FleetFounded, RulesTaken
from hactl.core.draft import evolve
from hactl.core.errors import HactlError
from hactl.core.events import DaemonStopped, Event, Record
from hactl.core.founding import lay_out
from hactl.core.jitter import fraction
from hactl.core.load import FRESH
from hactl.core.machine import Decision
from hactl.core.model import Fleet, Now
from hactl.core.node import Launch
from hactl.core.recovery import Arrival, Found, recover
from hactl.core.spec import FleetSpec
from hactl.core.value import Value, replace
from hactl.processes.certifying import Certified, Keep, certify
from hactl.supervisor.identity import NotOurs, find_instances, open_verified
from hactl.supervisor.listening import ensure_free
from hactl.supervisor.ports import Journal
from hactl.supervisor.process_table import free_ports

_THE_DAEMONS_OWN = ("group", "safety", "restart", "logs", "journal", "schedules")
"""What in a configuration concerns no process but the daemon."""


class Charge(Value):
    """How a daemon begins."""

    before: Fleet
    """The fleet as the journal has it."""
    decision: Decision
    notes: tuple[str, ...] = ()
    """What the operator should know."""
    certified: Certified = Certified()


def take_charge(
    spec: FleetSpec | None,
    journal: Journal,
    now: Now,
    *,
    version: str,
    pid: int,
    fleet_id: str,
    keep: Keep,
    trouble: str = "",
    measured: float | None = None,
) -> Charge:
    """Read, look, decide. `fleet_id` is for a fleet that is founded now, `keep` for its certificate.

    `trouble` is why there is no `spec`, if anything is wrong with the file; `measured` is the Unix time at which a
    daemon has measured last, if that is known.

    Raises HactlError when it cannot start.
    """
    fleet, last = _journaled(journal)
    if not fleet.id:
        if spec is None:
            raise HactlError(trouble or "there is no fleet here yet", "hactl up in the directory of its hactl.toml")
        return _found(spec, fleet, now, Arrival(pid=pid, version=version), fleet_id, keep)
    found = look_around(fleet, now)
    notes: tuple[str, ...] = ()
    if trouble:
        notes = (f"{trouble}: the last good configuration (revision {fleet.revision}) is in force instead",)
    changed, rules = None, None
    if spec is not None and config.digest(spec) != config.digest(fleet.spec):
        if found.alive:
            rules = _rules(spec, fleet)
            in_force = rules.spec if rules else fleet.spec
            if config.digest(spec) != config.digest(in_force):
                notes = ("hactl.toml has changed and is not in force yet; put it in force with: hactl config apply",)
        else:
            kept = {node.port for node in fleet.nodes.values()}
            free = (port for port in candidates(spec, fleet.id) if port not in kept)
            nodes = lay_out(spec, free, fleet)
            changed = ConfigTaken(revision=max(fleet.last_revision, fleet.revision) + 1, spec=spec, nodes=nodes)
    edges = {edge.name for edge in fleet.edges}
    in_force = changed.spec if changed else fleet.spec
    if not any(launch.instance.split("/")[1] in edges for launch in found.alive):
        ensure_free(((in_force.edge.host, in_force.edge.port),))
    down = _was_down(fleet, found, last)
    gap, at_most = (None, False) if last is None or down else _unsupervised(now, last, measured)
    certified = certify(fleet, in_force, keep, runs=bool(found.alive), was_down=down)
    if certified.refused:
        notes = (*notes, f"the fleet keeps the certificate it has: {certified.refused}")
    arrival = Arrival(pid=pid, version=version, gap=gap, at_most=at_most, config=changed, rules=rules, trouble=trouble)
    arrival = _with(arrival, certified)
    return Charge(before=fleet, decision=recover(fleet, found, arrival, now), notes=notes, certified=certified)


def _rules(spec: FleetSpec, fleet: Fleet) -> RulesTaken | None:
    """The part of a changed configuration that a running fleet can take; none while another one comes into force."""
    if fleet.proposal is not None:
        return None
    merged = replace(fleet.spec, **{name: getattr(spec, name) for name in _THE_DAEMONS_OWN})
    return (
        None if merged == fleet.spec else RulesTaken(revision=max(fleet.last_revision, fleet.revision) + 1, spec=merged)
    )


def _was_down(fleet: Fleet, found: Found, last: Record | None) -> bool:
    """True after a `down` that went well: there was no daemon to be."""
    return fleet.closing and last is not None and isinstance(last.event, DaemonStopped) and not found.alive


def _unsupervised(now: Now, last: Record, measured: float | None) -> tuple[float, bool]:
    """For how many seconds nobody was in charge, and whether that is only the most it can have been.

    A daemon that is killed writes no record of it, and on a quiet fleet the last one is old. It measures every second.
    """
    if isinstance(last.event, DaemonStopped):
        return max(0.0, now.wall - last.wall), False
    newest = last.wall if measured is None else max(last.wall, measured)
    return max(0.0, now.wall - newest), measured is None or newest - measured > FRESH


def _with(arrival: Arrival, certified: Certified) -> Arrival:
    return replace(arrival, certificate=certified.certificate, certificate_refused=certified.refused)


def look_around(fleet: Fleet, now: Now) -> Found:
    """What of `fleet` really runs: found by instance id, and every recorded pid verified."""
    alive = {launch.instance: launch for launch in find_instances(fleet.id) if _verified(launch, now.boot) is None}
    refused = {}
    for node in fleet.nodes.values():
        if node.launch is None:
            continue
        why = _verified(node.launch, now.boot)
        if why is None:
            alive[node.launch.instance] = node.launch
        else:
            refused[node.name] = why
    return Found(alive=tuple(alive.values()), refused=refused)


def _verified(launch: Launch, boot: str) -> str | None:
    """None when the process is that launch, else why it is not."""
    try:
        os.close(open_verified(launch, boot=boot))
    except NotOurs as error:
        return error.message
    return None


def _journaled(journal: Journal) -> tuple[Fleet, Record | None]:
    checkpoint, records = journal.load()
    fleet = checkpoint or Fleet()
    for record in records:
        fleet = evolve(replace(fleet, seq=record.seq - 1), record.event)
    last = records[-1] if records else None
    if last is None and checkpoint is not None:
        newest = journal.query(limit=1)
        last = newest[-1] if newest else None
    return fleet, last


def _found(spec: FleetSpec, fleet: Fleet, now: Now, arrival: Arrival, fleet_id: str, keep: Keep) -> Charge:
    ensure_free(((spec.edge.host, spec.edge.port),))
    certified = certify(fleet, spec, keep, runs=False, was_down=True)
    nodes = lay_out(spec, candidates(spec, fleet_id))
    founded: Event = FleetFounded(id=fleet_id, revision=1, spec=spec, nodes=nodes)
    after = evolve(fleet, founded)
    decision = recover(after, Found(), _with(arrival, certified), now)
    return Charge(before=fleet, decision=replace(decision, events=(founded, *decision.events)), certified=certified)


def candidates(spec: FleetSpec, fleet_id: str) -> Iterator[int]:
    """Free ports of the fleet's range, from a place that differs from fleet to fleet, so that two rarely collide."""
    low, high = spec.ports
    span = high - low + 1
    start = int(fraction(fleet_id, "ports") * span)
    return free_ports((low + (start + offset) % span for offset in range(span)), spec.regions[0].bind)
