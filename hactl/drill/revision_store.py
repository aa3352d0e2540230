"""Configuration revisions as a store: each has a number, and never changes. A drill writes none for this; it remembers
those that are there, and those that come meanwhile, its own and others'."""

import hashlib
from collections.abc import Iterable, Iterator

from hactl.core.codec import encode
from hactl.core.config_events import ConfigTaken, FleetFounded, RevisionProposed, RulesTaken
from hactl.core.events import Record
from hactl.core.spec import FleetSpec
from hactl.drill.canary import Found


class RevisionStore:
    """Every configuration that was proposed or came into force and is still in the journal."""

    kinds = tuple(kind.__name__ for kind in (FleetFounded, ConfigTaken, RulesTaken, RevisionProposed))
    rated = False

    def seen(self, records: Iterable[Record], _operation: str) -> Iterator[Found]:
        """The number of each, and a digest of what it means."""
        for record in records:
            match record.event:
                case RevisionProposed(proposal=proposal):
                    yield _found(proposal.revision, proposal.spec)
                case (
                    FleetFounded(revision=revision, spec=spec)
                    | ConfigTaken(revision=revision, spec=spec)
                    | RulesTaken(revision=revision, spec=spec)
                ):
                    yield _found(revision, spec)
                case _:
                    pass


def _found(revision: int, spec: FleetSpec) -> Found:
    return Found(number=revision, digest=hashlib.sha256(encode(spec)).hexdigest())
