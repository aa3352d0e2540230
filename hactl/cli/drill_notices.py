"""What is said before something bigger is done to a fleet that is lent to a drill: that there is one, and what becomes
of it. Forbids nothing: a person may always do that."""

from hactl.cli import output
from hactl.core.drills import in_progress
from hactl.core.model import Fleet
from hactl.core.plain import one_line

ENDS = "it ends as aborted; what it did is gone with the processes, and the next up has all as before, by hactl.toml"
"""When the fleet is taken down."""
SHOWS_NOTHING = "it goes on, and would show nothing: somebody else would have acted"
"""When the configuration is to be changed, which may come to nothing."""
UNTOUCHED = "it goes on; hactl drill stop ends it"
"""When somebody wants a fleet up that is."""
GOES_ON = "it goes on: its runner has another {term:g} s to be heard of"
"""When another daemon takes over."""


def notice(fleet: Fleet, becomes: str) -> str:
    """The drill in progress and what `becomes` of it, in one line; "" when there is none."""
    running = in_progress(fleet)
    if running is None or running.drill is None:
        return ""
    if running.back:
        becomes = "it is over, and not everything is put back yet"
    who = f" by {running.by}" if running.by else ""
    return one_line(f"{running.sentence} is in progress{who}: {becomes.format(term=running.drill.term)}")


def tell(fleet: Fleet, becomes: str) -> None:
    """Say so, if there is one."""
    if told := notice(fleet, becomes):
        output.say(f"note: {told}")
