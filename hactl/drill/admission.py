"""Whether a drill may begin here: its gate, whether all it would do can be done, and what it asks of this machine.

Not whether the fleet may be lent to it: that is the daemon's to say, when each order is rehearsed.
"""

from collections.abc import Iterable
from pathlib import Path

from hactl.core.errors import HactlError
from hactl.core.model import Fleet
from hactl.drill.config_faults import may_be_changed
from hactl.drill.daemon_faults import may_be_struck
from hactl.drill.definition import Definition
from hactl.drill.gate import Check, gate
from hactl.drill.plan import DrillPlan
from hactl.drill.small_disk import may_be_filled


def admission(drill: Definition, plan: DrillPlan, fleet: Fleet, state: Path | None) -> tuple[Check, ...]:
    """Every check before it begins; `state` is where the fleet keeps its state, None where that is unknown: then
    nothing is asked of the machine."""
    here = () if state is None else (*may_be_filled(plan, state), *may_be_struck(plan, state))
    return (*gate(drill, plan, fleet), *may_be_changed(plan, fleet), *here)


def unmet(checks: Iterable[Check]) -> tuple[str, ...]:
    """What stands in the way, and what to try."""
    return tuple(str(HactlError(check.unmet, check.hint)) for check in checks if not check.ok)
