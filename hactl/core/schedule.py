"""Drills at certain times, as `hactl.toml` says. Values only; which moments that comes to is `moments`."""

from hactl.core.value import Value

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


class Hours(Value):
    """A part of certain days, in minutes after midnight."""

    days: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)
    """0 is Monday."""
    begin: int = 0
    end: int = 0
    """The same as `begin` for one moment, else later on the same day."""


class Blocked(Value):
    """Days on which nothing is begun; ISO dates, both included."""

    first: str
    last: str


class ScheduleSpec(Value):
    """A `[[schedule]]`: what is run, and when."""

    name: str = ""
    drill: str = ""
    """A drill that comes with hactl, or the absolute path of a file; either this or `suite`."""
    suite: str = ""
    at: Hours = Hours()
    every: float = 0.0
    """Seconds between two runs within the hours; 0 for one run when they begin."""
    jitter: float = 0.0
    """Seconds by which each run comes later at most; by how much follows from the name and the day."""
    blocked: tuple[Blocked, ...] = ()
    zone: str = "UTC"
    """The IANA name of the time zone in which hours and dates are meant."""

    @property
    def what(self) -> str:
        """What is run, in words."""
        return f"suite {self.suite}" if self.suite else f"drill {self.drill}"
