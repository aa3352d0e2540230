"""Which events are worth a stop on the way through the past. What they bring about is seen there. Pure."""

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
