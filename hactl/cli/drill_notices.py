"""The notice given before a larger change to a fleet on which a drill is running: that there is one, and what becomes
of it. Forbids nothing: an operator may always make such a change.
"""

from hactl.cli import output
from hactl.core.drills import in_progress
from hactl.core.model import Fleet
from hactl.core.plain import one_line

ENDS = "it will be aborted; its faults end with the processes, and the next up starts everything as hactl.toml says"
"""When the fleet is taken down."""
SHOWS_NOTHING = "it goes on, but its result would be inconclusive: someone else changed the fleet"
"""When the configuration is to be changed, which may come to nothing."""
UNTOUCHED = "it goes on; hactl drill stop ends it"
"""When somebody wants a fleet up that is."""
GOES_ON = "it goes on: its runner has another {term:g} s to report in"
"""When another daemon takes over."""


def notice(fleet: Fleet, becomes: str) -> str:
    """The drill in progress and what `becomes` of it, in one line; "" when there is none."""
    running = in_progress(fleet)
    if running is None or running.drill is None:
        return ""
    if running.back:
        becomes = "it is over, but not everything has been restored yet"
    who = f" by {running.by}" if running.by else ""
    return one_line(f"{running.sentence} is in progress{who}: {becomes.format(term=running.drill.term)}")


def tell(fleet: Fleet, becomes: str) -> None:
    """Say so, if there is one."""
    if told := notice(fleet, becomes):
        output.say(f"note: {told}")
