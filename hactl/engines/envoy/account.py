"""What an edge itself says about requests that failed, as a value. How it is asked is `accounting`.

For an explanation, and for nothing that is decided: what hactl never lets an edge do (to send requests to the dead
while others are well, to give up what could be tried again, to judge a node by the status of its answers) an overlay
can.
"""

from hactl.core.value import Value, replace

NOBODY = 1.0
"""The panic threshold of hactl's own documents, in per cent: Envoy's smallest above 0. Only when no node is well are
all of them tried. A machine that stalls, or a last node that is late twice, would otherwise be an outage: with two
nodes stopped for 1.5 s, 147 of 642 requests were refused with a threshold of 0, and with 1 all of 500 were answered."""


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
    """Per cent of nodes that have to be well, or it is in panic mode; `NOBODY` is hactl's own."""
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
