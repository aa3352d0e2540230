"""Stories of the real core whose records have the times at which things happened."""

from support.script import Script

from hactl.core.events import Record
from hactl.core.model import Fleet


class Told:
    """A story whose records have the times at which they happened."""

    def __init__(self, fleet: Fleet) -> None:
        self.before = fleet
        self.story = Script(fleet)
        self.records: list[Record] = []

    def play(self, *causes: object, by: str = "me") -> "Told":
        for cause in causes:
            seq = self.story.fleet.seq
            count = len(self.story.events)
            self.story >> cause  # type: ignore[operator]
            for number, event in enumerate(self.story.events[count:], start=seq + 1):
                self.records.append(Record(seq=number, wall=0.0, mono=self.story.mono, event=event, by=by))
        return self
