"""What happens to the configuration in force and to the set of processes. Part of the events of a fleet."""

from hactl.core.model import Proposal
from hactl.core.node import Node
from hactl.core.spec import FleetSpec
from hactl.core.value import BaseEvent


class FleetFounded(BaseEvent):
    """A fleet began: its id, its configuration and its processes with their ports."""

    id: str
    revision: int
    spec: FleetSpec
    nodes: tuple[Node, ...]


class ConfigTaken(BaseEvent):
    """A start took a changed `hactl.toml` into force; processes keep goals, weights and drains where names match."""

    revision: int
    spec: FleetSpec
    nodes: tuple[Node, ...]


class RulesTaken(BaseEvent):
    """A start took what a changed `hactl.toml` says about the daemon alone into force; every process goes on."""

    revision: int
    spec: FleetSpec


class RevisionProposed(BaseEvent):
    """A configuration got its number and begins to come into force; it never changes from here on."""

    proposal: Proposal


class RevisionApplied(BaseEvent):
    """The proposed configuration is in force."""

    revision: int


class RevisionRolledBack(BaseEvent):
    """The proposed configuration was rolled back; the previous one is in force as it was."""

    revision: int
    why: str


class NodesAdded(BaseEvent):
    """A configuration change brought new processes."""

    nodes: tuple[Node, ...]


class NodesRemoved(BaseEvent):
    """Processes that no configuration wants any more have stopped and are gone."""

    nodes: tuple[str, ...]


RevisionEvent = FleetFounded | ConfigTaken | RulesTaken | RevisionProposed | RevisionApplied | RevisionRolledBack
"""Those that say which configurations there were, and which was in force when."""
ConfigEvent = RevisionEvent | NodesAdded | NodesRemoved
"""Those that change the configuration in force, or which processes there are."""
