"""Whether a drill is allowed on a fleet, and its result would mean anything: checks with value and limit. Pure.

These are the drill's own limits. What `hactl.toml` allows, and whether too few would be left, the daemon decides when
the fleet is borrowed and each fault is tried; it is asked, not imitated.
"""

from collections.abc import Iterator

from hactl.core.model import Fleet
from hactl.core.node import Role
from hactl.core.reading import is_serving, read
from hactl.core.regions import kept
from hactl.core.safety import serving
from hactl.core.traffic import shares
from hactl.core.value import Value
from hactl.drill.canary import LEAST
from hactl.drill.definition import Definition, FaultKind, Probe
from hactl.drill.plan import DrillPlan
from hactl.drill.stores import rated


class Check(Value):
    """One thing that has to be so."""

    name: str
    value: str
    """How it is."""
    limit: str
    """How it should be."""
    ok: bool
    hint: str = ""
    """What to try, or to change, where that is known."""

    @property
    def unmet(self) -> str:
        """What is, and what should be."""
        return f"{self.name}: {self.value} (wanted {self.limit})"


def gate(drill: Definition, plan: DrillPlan, fleet: Fleet) -> tuple[Check, ...]:
    """Everything that is asked before the fleet is borrowed."""
    struck = {*plan.at_once, *plan.in_turn[:1]}
    limits = drill.limits
    left = serving(fleet, struck)
    regions = {node.region for node in left}
    parts = [_share(fleet, struck, role) for role in (Role.GATEWAY, Role.EDGE)]
    edges = [edge for edge in fleet.edges if edge.serviceable and edge.name not in struck]
    checks = (
        Check(
            name="everything serves",
            value=read(fleet).sentence,
            limit="all, confirmed by every edge",
            ok=is_serving(fleet),
        ),
        Check(
            name="share affected",
            value=f"{max(parts):.2f}",
            limit=f"<= {limits.max_faulted_share:.2f}",
            ok=max(parts) <= limits.max_faulted_share + 1e-9,
            hint="limits.max_faulted_share in the drill file",
        ),
        Check(
            name="nodes left to serve",
            value=str(len(left)),
            limit=f">= {limits.min_healthy_nodes}",
            ok=len(left) >= limits.min_healthy_nodes,
            hint="limits.min_healthy_nodes in the drill file",
        ),
        Check(
            name="regions left to serve",
            value=str(len(regions)),
            limit=f">= {limits.min_healthy_regions}",
            ok=len(regions) >= limits.min_healthy_regions,
            hint="limits.min_healthy_regions in the drill file",
        ),
        Check(name="edges left to serve", value=str(len(edges)), limit=">= 1", ok=bool(edges)),
        Check(
            name="clients can be simulated",
            value="https" if fleet.spec.edge.tls.cert else "http",
            limit="http",
            ok=not fleet.spec.edge.tls.cert,
        ),
    )
    return (*checks, *_shared(drill, plan, fleet))


def foreseen(drill: Definition, *, attended: bool) -> Iterator[str]:
    """Why a run would show nothing however the fleet does, as far as the file tells; it may be begun all the same.
    `attended` says whether anybody is there to do what a person has to."""
    phases, rate = drill.phases, drill.canary.rate
    if drill.objectives.rpo_records is not None and rated(drill.canary) and phases.baseline * rate < LEAST:
        yield (
            f"objectives.rpo_records requires {LEAST} canaries before the fault: a baseline of {phases.baseline:g} s at"
            f" canary.rate {rate:g} gives {phases.baseline * rate:.0f}; phases.baseline must be more than"
            f" {LEAST / rate:g} s"
        )
    if drill.steps and not attended:
        yield f"there is a manual step, and stdin is not a terminal: {drill.steps[0].manual}; run it with --input"


def unfit(drill: Definition, availability: float | None) -> str:
    """Why the fleet as it was before the fault would show nothing; "" when it would. `availability` is the part of all
    requests that did not fail, None when that is not known."""
    for rule in drill.hypotheses:
        if rule.probe is Probe.AVAILABILITY and rule.least is not None and (availability or 0.0) < rule.least:
            had = "was not measured" if availability is None else f"was {availability * 100:.2f} %"
            return f"availability before the fault {had}, wanted {rule.least * 100:g} %"
    return ""


def _shared(drill: Definition, plan: DrillPlan, fleet: Fleet) -> Iterator[Check]:
    """A region that is impaired as a whole is found by comparing it with others that take the same traffic."""
    whole = [fault for fault in drill.faults if fault.kind is FaultKind.IMPAIR and fault.target.region]
    if not whole or not plan.regions:
        return
    carrying = {share.region for share in shares(fleet) if share.part > 0}
    yield Check(
        name="regions that share the traffic",
        value=", ".join(name for name in fleet.spec.region_names if name in carrying) or "none",
        limit=f"{' and '.join(plan.regions)} and another one (active/active: the same priority)",
        ok=set(plan.regions) < carrying,
    )
    parts = {name: kept(fleet, name) for name in fleet.evacuations}
    yield Check(
        name="regions have all of their traffic",
        value=", ".join(f"{name} keeps {part} %" for name, part in parts.items()) or "all",
        limit="all: none is still moved away",
        ok=not parts,
        hint="it returns once the region has been healthy for region_failover.stable_for: hactl status",
    )


def _share(fleet: Fleet, struck: set[str], role: Role) -> float:
    among = [node for node in fleet.nodes.values() if node.role is role]
    return sum(node.name in struck for node in among) / len(among) if among else 0.0
