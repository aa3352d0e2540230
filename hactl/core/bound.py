"""What a command has in common that a drill may send: it can be bound to its drill, and then is refused without it.

People send it unbound, and nothing asks about drills. What is refused, and when: `drills.still_lent`.
"""

from msgspec import UNSET, UnsetType

from hactl.core.value import BaseCommand


class Bound(BaseCommand, kw_only=True):  # said once more: for mypy
    """A command that does something to a fleet, or takes it back, perhaps for a drill."""

    drill: str | UnsetType = UNSET
    """The operation of the drill that it is done for, which has to be in progress; on the wire only where it is set."""
