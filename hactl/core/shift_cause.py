"""Why a plan changed, in the words of the events just before it. Pure.

Not an event as a sentence of its own: that is `telling`.
"""

from collections.abc import Sequence

from hactl.core.config_events import RevisionRolledBack
from hactl.core.events import CertificateTaken, Event, FleetUnpaused, NodeChanged, TrafficRejected
from hactl.core.hop_events import HopChanged, HopMended
from hactl.core.region_events import RegionEvacuated, RegionRestored

NEWEST = 3
"""Events of one decision that are looked at: a plan follows closely upon what it changes for."""


def cause_of_shift(events: Sequence[Event]) -> str:
    """What a plan is said to change for that changes after these events of one decision; "" when they say nothing."""
    return "; ".join(filter(None, map(_cause_of, events[-NEWEST:])))


def _cause_of(event: Event) -> str:
    """Most events change no plan, and some say it all by their kind: those have nothing to add."""
    match event:
        case CertificateTaken():
            return "another certificate"
        case RegionEvacuated(evacuation=evacuation):
            kept = f"{evacuation.region} keeps {evacuation.keep} % of its share"
            return kept if evacuation.keep else evacuation.why
        case NodeChanged(why=why) | RegionRestored(why=why) | RevisionRolledBack(why=why):
            return why
        case HopChanged(why=why) | HopMended(why=why):
            return why
        case TrafficRejected(why=why) | FleetUnpaused(why=why):
            return why
        case _:
            return ""
