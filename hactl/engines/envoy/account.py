"""What an edge itself says about requests that failed, as a value. How it is asked is `accounting`.

For an explanation, and for nothing that is decided: what hactl never lets an edge do (to send requests to the dead in a
panic, to give up what could be tried again, to judge a node by the status of its answers) an overlay can.
"""

from hactl.core.value import Value, replace


class Account(Value):
    """Of one edge: counts since its process started, and settings of its cluster of nodes."""

    edge: str
    pid: int
    panics: int = 0
    """Requests that it sent to anybody, well or not, because too few were well."""
    retries: int = 0
    """Requests that it sent once more."""
    given_up: int = 0
    """Requests that it would have sent once more, but for a limit on how many may be at a time."""
    ejections: int = 0
    """How often it took a node out for the status of its answers."""
    panic_threshold: float = 0.0
    """Per cent of nodes that have to be well, or it is in a panic."""
    most_retries: int | None = None
    """At a time; None where a budget sets it."""
    judges_status: bool = False
    """It takes nodes out for the status of their answers."""

    def since(self, before: "Account | None") -> "Account":
        """The counts since `before`; all of them where another process has taken its place."""
        if before is None or before.pid != self.pid:
            return self
        names = ("panics", "retries", "given_up", "ejections")
        return replace(self, **{name: getattr(self, name) - getattr(before, name) for name in names})
