"""One process in full, as lines: what it is, its state, why, and what the edges and the kernel report. Pure.

What happened to it stands apart (`history`), for screens that have room for both side by side.
"""

import time

from hactl.core.model import Sample
from hactl.core.node import Node, Role
from hactl.core.plan import EndpointStatus
from hactl.core.plural import counted
from hactl.core.reading import age, explain
from hactl.core.spec import FleetSpec, ProbeKind
from hactl.core.talk import Snapshot
from hactl.core.telling import tell
from hactl.core.traffic import shares
from hactl.tui.lines import Line, Span, line
from hactl.tui.losses import course, losses
from hactl.tui.meaning import Glyphs, Meaning
from hactl.tui.picture import View
from hactl.tui.region_facts import LABEL, fact, members, region_facts
from hactl.tui.render import figure, looks, spark
from hactl.tui.tail import DAEMON

PAST = 30
"""Records that are told; the rest is on the screen of events."""
LOSSES = 5
"""Losses that are told."""
_MINUTES = (60, 30, 20, 12, 6)
"""Cells of a minute: as many as there is room for, each of them as long as the others."""
_STATUS = {
    EndpointStatus.ACTIVE: "takes requests",
    EndpointStatus.DRAINING: "takes no new clients",
    EndpointStatus.UNHEALTHY: "takes nothing, its share goes to others",
}


def facts(view: View, name: str, glyphs: Glyphs, width: int, *, command: str = "") -> tuple[Line, ...]:
    """Everything about the process called `name`, or the region whose head that is, as it is.

    `command` is the command line of the process, where that is known.
    """
    snapshot = view.snapshot
    if snapshot is not None and name == DAEMON:
        return _daemon(snapshot)
    if found := region_facts(view, name, glyphs):
        return found
    node = snapshot.fleet.nodes.get(name) if snapshot is not None else None
    if snapshot is None or node is None:
        what = f"process '{name}' is gone" if name else "no process selected"
        return (line(Span(text=f" {what}; 1 goes back to the fleet", meaning=Meaning.MUTED)),)
    sample = next((each for each in snapshot.samples if each.node == name), Sample(node=name, at=snapshot.at))
    room = next((cells for cells in _MINUTES if cells <= width - LABEL - 4), _MINUTES[-1])
    minute = spark(view.rates.get(name, ()), room, glyphs)
    return (
        *_state(snapshot, node, glyphs),
        (),
        *_traffic(snapshot, node, sample),
        fact("last 60 s", Span(text=minute, meaning=Meaning.GRAPH)),
        (),
        *_process(snapshot, node, sample),
        (),
        *_documents(snapshot, node, command),
    )


def history(view: View, name: str) -> tuple[Line, ...]:
    """How long its last losses took, and what happened to it, newest first."""
    names = {name.strip("[]")}
    if view.snapshot is not None:
        names |= {node.name for node in members(view.snapshot.fleet, name)}
    lost = [loss for loss in losses(view.records) if loss.what in names][-LOSSES:]
    lines: list[Line] = []
    if lost:
        lines.append(line(Span(text=" lost and back", meaning=Meaning.TITLE)))
        for loss in reversed(lost):
            when = Span(text=f" {_clock(loss.wall)} ", meaning=Meaning.MUTED)
            lines.append(line(when, *course(loss), loss.cause))
        lines.append(())
    return (*lines, line(Span(text=" what happened to it", meaning=Meaning.TITLE)), *_past(view, name, names))


def _state(snapshot: Snapshot, node: Node, glyphs: Glyphs) -> tuple[Line, ...]:
    glyph, word, meaning = looks(node, glyphs)
    since = f" for {age(snapshot.at - node.since)}" if node.since else ""
    why = explain(node)
    lines = [
        line(Span(text=f" {node.name} ", meaning=Meaning.TITLE), Span(text=f"{glyph} {word}", meaning=meaning), since),
        fact("why", Span(text=why, meaning=meaning)) if why else (),
        fact("wanted", node.goal, ", drained by an operator" if node.drained else ""),
        fact("health", node.health, f", {node.unready}" if node.unready else ""),
        *_probes(node, snapshot.fleet.spec_for(node)),
        fact("frozen", f"by {node.frozen}") if node.frozen else (),
    ]
    if node.deadline is not None:
        left = node.deadline.at - snapshot.mono
        lines.append(fact("waiting for", f"{node.deadline.kind}, {max(0.0, left):.1f} s left"))
    return tuple(each for each in lines if each)


def _probes(node: Node, spec: FleetSpec) -> tuple[Line, ...]:
    """Who asks it how it is, and how often."""
    health = spec.health
    what = f"{health.kind} {health.path}, " if health.kind is ProbeKind.HTTP else f"{health.kind}, "
    if node.role is Role.EDGE:
        return (fact("probed", f"every {health.probe:g} s"),)
    return (
        fact("probed", f"{what}every {health.probe:g} s"),
        fact("by edges", f"every {health.interval:g} s, out after {health.unhealthy_threshold}"),
    )


def _traffic(snapshot: Snapshot, node: Node, sample: Sample) -> tuple[Line, ...]:
    lines = []
    if node.role is Role.GATEWAY:
        part = next((share.part for share in shares(snapshot.fleet) if share.node == node.name), None)
        meant = "-" if part is None else f"{part:.1%}"
        seen = "-" if sample.share is None else f"{sample.share:.1%}"
        lines.append(fact("weight", f"{node.weight}, share {meant}, seen {seen}"))
        lines.append(fact("latency", f"p50 {figure(sample.p50_ms, 1)} ms, p99 {figure(sample.p99_ms, 1)} ms"))
    return (
        *lines,
        fact("requests/s", figure(sample.requests, 0), f", errors/s {figure(sample.errors, 1)}"),
        fact("in flight", "-" if sample.active is None else str(sample.active)),
    )


def _process(snapshot: Snapshot, node: Node, sample: Sample) -> tuple[Line, ...]:
    launch, restart = node.launch, snapshot.fleet.spec_for(node).restart
    lines = [fact("listens on", _address(snapshot, node))]
    if launch is not None:
        lines.append(fact("process", f"pid {launch.pid}, up {age(snapshot.mono - launch.at)}"))
        lines.append(fact("instance", launch.instance))
    cpu = "-" if sample.cpu is None else f"{sample.cpu:.1%} of a core"
    memory = "-" if sample.rss is None else f"{sample.rss / (1 << 20):.0f} MiB"
    lines.append(fact("takes", f"{cpu}, {memory}"))
    lines.append(fact("restarts", f"{node.restarts}, launches {node.launches}"))
    charged = sum(snapshot.mono - at < restart.window for at in node.exits)
    lines.append(fact("budget", f"{charged} of {restart.budget} deaths in {restart.window:g} s used"))
    return tuple(lines)


def _address(snapshot: Snapshot, node: Node) -> str:
    edge = snapshot.fleet.spec.edge
    shared = f"{edge.host}:{edge.port}, shared by all edges"
    return shared if node.role is Role.EDGE else f"{node.address}:{node.port}"


def _documents(snapshot: Snapshot, node: Node, command: str) -> tuple[Line, ...]:
    """What it was told, and who has proved to use it."""
    fleet = snapshot.fleet
    lines = [line(Span(text=" documents", meaning=Meaning.TITLE))]
    if node.role is Role.EDGE:
        lines.append(fact("plan", *_proof(fleet.confirmed.get(node.name), fleet.plan.version)))
        lines.append(fact("config", *_proof(fleet.proved.get(node.name), fleet.revision)))
    else:
        status = next((each.status for each in fleet.plan.endpoints if each.node == node.name), None)
        said = "not in it" if status is None else _STATUS[status]
        lines.append(fact("plan", f"{fleet.plan.version}: {said}"))
        lines += [
            fact(f"  {edge.name}", *_proof(fleet.confirmed.get(edge.name), fleet.plan.version)) for edge in fleet.edges
        ]
        coming = fleet.proposal is not None and node.revision == fleet.proposal.revision
        lines.append(fact("config", f"revision {node.revision if coming else fleet.revision}"))
    if command:
        lines.append(fact("command", command))
    return tuple(lines)


def _proof(proved: int | None, wanted: int) -> tuple[str | Span, ...]:
    if proved is None:
        return (Span(text=f"{wanted} not proved yet", meaning=Meaning.DEGRADED),)
    if proved < wanted:
        return (Span(text=f"{proved} in use, {wanted} not proved yet", meaning=Meaning.DEGRADED),)
    return (f"{proved} in use, proved",)


def _daemon(snapshot: Snapshot) -> tuple[Line, ...]:
    pulse, fleet = snapshot.pulse, snapshot.fleet
    late = f"currently at most {pulse.lag_ms:.1f} ms late"
    if pulse.pid:
        process = f"pid {pulse.pid}, up {age(snapshot.at - pulse.started)}, version {pulse.version}"
        late += f", 99.9 % within {pulse.lag_p999_ms:.1f} ms"
    else:
        process = "pid, age and watchers are not part of a recording"
    known = pulse.pid or pulse.rss
    lines = [
        line(Span(text=" the daemon ", meaning=Meaning.TITLE), f"of fleet {fleet.name}"),
        fact("process", process),
        fact("takes", f"{pulse.cpu:.1%} of a core, {pulse.rss / (1 << 20):.0f} MiB" if known else "-"),
        fact("loop", late if known else "-"),
        *([fact("watchers", str(pulse.watchers))] if pulse.pid else []),
        fact("journal", f"position {fleet.seq}"),
        fact("config", f"revision {fleet.revision}"),
    ]
    if pulse.unwritten:
        lines.append(
            fact("unwritten", Span(text=f"{counted(pulse.unwritten, 'record')} waiting for room", meaning=Meaning.DOWN))
        )
    if pulse.read_only:
        lines.append(fact("read-only", "it accepts no changes"))
    if fleet.config_trouble:
        lines.append(fact("trouble", Span(text=fleet.config_trouble, meaning=Meaning.DEGRADED)))
    return tuple(lines)


def _past(view: View, name: str, names: set[str]) -> tuple[Line, ...]:
    lines: list[Line] = []
    for record in reversed(view.records):
        if len(lines) == PAST:
            break
        said = tell(record.event)
        about = said.startswith("daemon") if name == DAEMON else not names.isdisjoint(_words(said))
        if about:
            short = said.removeprefix(f"{name}: ")
            lines.append(line(Span(text=f" {_clock(record.wall)} ", meaning=Meaning.MUTED), short))
    return tuple(lines)


def _words(said: str) -> list[str]:
    return said.replace(",", " ").replace(":", " ").split()


def _clock(wall: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(wall))
