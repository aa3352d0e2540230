"""A person in the middle of a drill: asked, waited for, and timed; and not waited for when the drill ends."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from support.controller import MemoryController
from support.script import serving

from hactl.core.commands import AskDrill, Request
from hactl.core.drill_events import DrillAnswered
from hactl.core.events import Record
from hactl.core.talk import News, Receipt
from hactl.drill.definition import ManualStep
from hactl.drill.following import Follower
from hactl.drill.manual import Person

STEP = ManualStep(manual="switch the record", within=60.0)


class Desk:
    """A drill with somebody in front of it."""

    def __init__(self) -> None:
        self.daemon = MemoryController(serving())
        self.follower = Follower(self.daemon, self.daemon.snapshot.fleet)
        self.stop = asyncio.Event()
        self.said: list[str] = []
        self.person = Person(self.daemon, self.follower, "op-7", by="drill d", stop=self.stop, say=self.said.append)

    @property
    def asked(self) -> list[AskDrill]:
        return [one.command for one in self.daemon.requests if isinstance(one.command, AskDrill)]

    def answers(self, *drills: str) -> None:
        """Whatever is asked, somebody says at once that it is done, for each of these drills."""

        def reply(request: Request, dry_run: bool) -> Receipt:
            seq = self.follower.fleet.seq
            answers = (DrillAnswered(id=drill) for drill in drills)
            self.daemon.tell(
                News(
                    records=tuple(
                        Record(seq=seq + number, wall=1.0, mono=float(number), event=event, by="alice", reason="ok")
                        for number, event in enumerate(answers, start=1)
                    )
                )
            )
            return Receipt(seq=seq)

        self.daemon.reply = reply


@asynccontextmanager
async def at_a_desk() -> AsyncIterator[Desk]:
    desk = Desk()
    async with desk.follower.following():
        await desk.daemon.until_watchers(1)
        yield desk


async def test_the_drill_goes_on_when_somebody_says_that_it_is_done() -> None:
    """Not when another drill is answered; and when that was, who and what they said is kept."""
    async with at_a_desk() as desk:
        desk.answers("op-6", "op-7")
        found = await desk.person.do(STEP)
        assert (found.done, found.by, found.note) == (2.0, "alice", "ok")
        assert desk.asked == [AskDrill(id="op-7", question="switch the record")]
        assert "hactl drill continue" in desk.said[0]


async def test_nobody_is_waited_for_longer_than_the_step_may_take() -> None:
    """The question is withdrawn: nobody is to answer it any more."""
    async with at_a_desk() as desk:
        found = await desk.person.do(ManualStep(manual="switch the record", within=0.01))
        assert found.done is None
        assert [one.question for one in desk.asked] == ["switch the record", ""]


async def test_nobody_is_waited_for_when_the_drill_is_to_end() -> None:
    """Nor is anything asked of a daemon that has the fleet back already."""
    async with at_a_desk() as desk:
        desk.stop.set()
        assert (await desk.person.do(STEP)).done is None
        assert len(desk.asked) == 1
