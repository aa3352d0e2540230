"""What happens to a drill while it lasts, besides its beginning and end, which are those of an operation."""

from hactl.core.value import Value


class DrillKept(Value, tag=True, tag_field="event"):
    """The runner of a drill was heard of: its lease has a new term. The record of its canary, if it wrote one."""

    id: str
    """Of the operation."""
    expires: float
    """Monotonic seconds at which the new term is over."""
    canary: int = 0
    """A number that the runner has chosen and remembers elsewhere; 0 for none."""
