"""The end of a change in measured times, once for each."""

import pytest
from support.controller import MemoryController
from support.pictures import a_fleet, a_snapshot

from hactl.core.commands import Drain, Freeze, Kill, Pause
from hactl.core.errors import Unreachable
from hactl.core.events import EdgeBack, Event, FailoverEnded, FailoverMoved, OperationBegan, OperationEnded, Record
from hactl.core.model import Failover, Fleet
from hactl.core.node import Reason, ReasonCode
from hactl.core.operation import Operation, Outcome, Target, Verb
from hactl.core.talk import Receipt
from hactl.core.value import replace
from hactl.tui.actions import Action
from hactl.tui.actions import Target as Hit
from hactl.tui.changing import Sent
from hactl.tui.outcomes import Expected, Outcomes, sent, tell_end, typed

ENDED = OperationEnded(id="op-5", outcome=Outcome.DONE, sentence="kill seoul-1", ms=90.0)


def action(command: type[Kill] | type[Freeze] | type[Drain], *names: str) -> Action:
    return Action(command=command(nodes=names), targets=tuple(Hit(node=name, instance="i") for name in names))


def records(*events: Event) -> list[Record]:
    return [Record(seq=seq, wall=0.0, mono=0.0, event=event) for seq, event in enumerate(events, start=5)]


def moved(node: str, ms: float) -> FailoverMoved:
    reason = Reason(code=ReasonCode.KILLED)
    return FailoverMoved(failover=Failover(node=node, cause=reason, seen=1.0, version=2), ms=ms)


def back(node: str, ms: float | None) -> FailoverEnded:
    return FailoverEnded(node=node, moved_ms=1.0, back_ms=ms)


class TestTelling:
    def told(self, done: Action, *events: Event) -> str:
        return tell_end(done, "op-5", records(*events)).text

    def test_a_kill(self):
        assert self.told(action(Kill, "seoul-1"), moved("seoul-1", 9.0), back("seoul-1", 71.0), ENDED) == (
            "killed seoul-1: routed around after 9 ms, back after 71 ms"
        )

    def test_several_at_once_from_the_fastest_to_the_slowest(self):
        news = (moved("a", 9.0), moved("b", 12.0), back("a", 71.0), back("b", 12_345.0))
        assert self.told(action(Freeze, "a", "b"), *news, ENDED) == (
            "froze 2 nodes: a, b: routed around after 9 to 12 ms, back after 0.1 to 12.3 s"
        )

    def test_an_edge_is_back_without_anything_being_routed(self):
        assert self.told(action(Kill, "edge-1"), EdgeBack(edge="edge-1", ms=80.0), ENDED) == (
            "killed edge-1: back after 80 ms"
        )

    def test_losses_of_others_and_of_later_are_not_its_own(self):
        news = (moved("b", 9.0), ENDED, back("a", 71.0))
        assert self.told(action(Kill, "a"), *news) == "kill seoul-1; done after 90 ms"

    def test_what_is_not_back_is_not_said_to_be(self):
        """As in a paused fleet."""
        assert self.told(action(Kill, "a"), moved("a", 9.0), back("a", None), ENDED) == (
            "killed a: routed around after 9 ms"
        )

    def test_everything_else_in_the_words_of_the_daemon(self):
        ended = replace(ENDED, sentence="drain seoul-1", ms=12_000.0)
        assert self.told(action(Drain, "seoul-1"), ended) == "drain seoul-1; done after 12.0 s"

    def test_what_took_no_time_is_done(self):
        ended = replace(ENDED, sentence="pause", ms=0.3)
        assert self.told(Action(command=Pause()), ended) == "pause; done"

    @pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.ROLLED_BACK])
    def test_a_failure_with_its_hint(self, outcome):
        told = tell_end(
            action(Drain, "a"), "op-5", records(replace(ENDED, outcome=outcome, sentence="it broke", hint="mend it"))
        )
        assert told.text == f"drain a {outcome}: it broke\ntry: mend it"
        assert not told.well

    def test_an_end_that_is_not_in_the_journal(self):
        told = tell_end(action(Drain, "a"), "op-5", ())
        assert told.text == "drain a: op-5 has ended, but the journal does not say how"
        assert not told.well


class TestTyped:
    """A command is known by what it said, and by the records of its operation."""

    @pytest.mark.parametrize("text", ["", "would kill a; nothing was changed", "  op-5 began: kill a", "op-x: kill a"])
    def test_one_that_began_nothing_or_waited_for_it_is_not_followed(self, text):
        assert typed(text) is None

    def test_its_operation_is_called_after_its_position_in_the_journal(self):
        assert typed("note: late\nop-5: kill a", "said") == Expected(operation="op-5", seq=5, after=4, said="said")

    @pytest.mark.parametrize(("verb", "done"), [(Verb.KILL, "killed"), (Verb.FREEZE, "froze")])
    def test_its_end_is_told_as_that_of_a_key(self, verb, done):
        operation = Operation(
            id="op-5", verb=verb, by="ann", began=0.0, wall=0.0, deadline=9.0, targets=(Target(node="a"),)
        )
        news = (OperationBegan(operation=operation), moved("a", 9.0), moved("b", 50.0), back("a", 71.0), ENDED)
        assert tell_end(None, "op-5", records(*news)).text == f"{done} a: routed around after 9 ms, back after 71 ms"

    def test_its_failure_is_told_by_its_sentence(self):
        operation = Operation(
            id="op-5", verb=Verb.STOP, by="ann", began=0.0, wall=0.0, deadline=9.0, sentence="drain and stop a"
        )
        ended = replace(ENDED, outcome=Outcome.FAILED, sentence="it broke")
        told = tell_end(None, "op-5", records(OperationBegan(operation=operation), ended))
        assert told.text == "drain and stop a failed: it broke"


class TestWaiting:
    def sent(self, seq: int = 7) -> Expected:
        receipt = Receipt(seq=seq, operation="op-5", sentence="kill a")
        return sent(Sent(action=action(Kill, "a"), receipt=receipt, confirm="", after=4))

    def fleet(self, seq: int, *operations: str) -> Fleet:
        under_way = {
            name: Operation(id=name, verb=Verb.KILL, by="ann", began=0.0, wall=0.0, deadline=9.0) for name in operations
        }
        return replace(a_fleet(), seq=seq, operations=under_way)

    def test_it_is_over_when_the_picture_is_new_enough_and_has_it_no_more(self):
        outcomes = Outcomes(MemoryController())
        outcomes.expect(self.sent())
        assert outcomes.over(None) == ()
        assert outcomes.over(a_snapshot(self.fleet(6))) == (), "older than the change"
        assert outcomes.over(a_snapshot(self.fleet(8, "op-5"))) == ()
        assert outcomes.over(a_snapshot(self.fleet(9))) == (self.sent(),)
        assert outcomes.over(a_snapshot(self.fleet(9))) == (), "each is given once"

    async def test_a_journal_that_does_not_answer_is_asked_again(self):
        controller = MemoryController()
        outcomes = Outcomes(controller)
        controller.failure = Unreachable("no daemon")
        assert await outcomes.told(self.sent()) is None
        controller.failure = None
        assert outcomes.over(a_snapshot(self.fleet(9))) == (self.sent(),)

    async def test_only_what_happened_since_is_looked_at(self):
        controller = MemoryController()
        controller.happen(*[moved("a", 1.0)] * 4, moved("a", 9.0), ENDED)
        told = await Outcomes(controller).told(self.sent())
        assert told is not None
        assert told.text == "killed a: routed around after 9 ms"
