"""Which events are worth stopping at when moving through the past. Pure."""

from hactl.core.events import Event

STOPS = (
    "DaemonStarted",
    "DaemonStopped",
    "FailoverBegan",
    "FailoverEnded",
    "EdgeLost",
    "EdgeBack",
    "RegionLost",
    "RegionBack",
    "RegionEvacuated",
    "RegionRestored",
    "BrownoutChanged",
    "OperationBegan",
    "OperationEnded",
    "FleetPaused",
    "FleetUnpaused",
    "GapRecorded",
    "ConfigTaken",
    "RulesTaken",
    "RevisionApplied",
    "RevisionRolledBack",
    "CertificateTaken",
    "CertificateRefused",
)
"""Their kinds."""


def worth_a_stop(event: Event) -> bool:
    """True for those."""
    return type(event).__name__ in STOPS
