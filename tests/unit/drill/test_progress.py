"""What a run says of itself reaches whoever looks on, line by line, and is never in a drill's way."""

from pathlib import Path

from hactl.drill.evidence import Times
from hactl.drill.phases import Phase
from hactl.drill.progress import Entered, Feed, Tail, Timed, Told, steps


def test_what_is_said_arrives_once_and_in_order(tmp_path: Path) -> None:
    feed, tail = Feed(tmp_path / "progress"), Tail(tmp_path / "progress")
    assert tail.lines() == []
    heard: list[str] = []
    feed.say(Entered(at=1.0, phase=Phase.PLAN))
    feed.told(heard.append)("plan: who is struck")
    entered, told = steps(tail.lines())
    assert entered == Entered(at=1.0, phase=Phase.PLAN)
    assert isinstance(told, Told)
    assert (told.text, heard) == ("plan: who is struck", ["plan: who is struck"])
    assert tail.lines() == []
    feed.say(Entered(at=2.0, phase=Phase.GATE))
    assert list(steps(tail.lines())) == [Entered(at=2.0, phase=Phase.GATE)]


def test_times_are_said_when_they_are_news(tmp_path: Path) -> None:
    feed, tail = Feed(tmp_path / "progress"), Tail(tmp_path / "progress")
    for fault in (None, None, 3.0, 3.0):
        feed.say(Timed(times=Times(fault=fault)))
    assert [step.times.fault for step in steps(tail.lines()) if isinstance(step, Timed)] == [None, 3.0]


def test_a_line_that_is_being_written_is_read_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "progress"
    path.write_bytes(b'{"a":1}\n{"b"')
    tail = Tail(path)
    assert tail.lines() == [b'{"a":1}']
    assert tail.lines() == []
    with path.open("ab") as file:
        file.write(b":2}\n")
    assert tail.lines() == [b'{"b":2}']


def test_what_another_hactl_has_written_otherwise_is_passed_over() -> None:
    assert list(steps([b'{"step":"Dreamt"}', b"", b'{"step":"Told","at":1.0,"text":"x"}'])) == [Told(at=1.0, text="x")]


def test_a_feed_that_cannot_be_written_is_no_reason_to_stop(tmp_path: Path) -> None:
    heard: list[str] = []
    Feed(tmp_path / "nowhere" / "progress").told(heard.append)("gate: met")
    assert heard == ["gate: met"]
