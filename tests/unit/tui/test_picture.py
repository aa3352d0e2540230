"""What a console knows: it follows what comes, forgets what is old, and says when nothing comes."""

from support.build import founded
from support.script import Script, serving

from hactl.core.commands import BeginDrill
from hactl.core.drill_events import DrillKept
from hactl.core.events import DaemonStopped, NodeChanged, Record, WeightsChanged
from hactl.core.model import Sample
from hactl.core.node import NodeState
from hactl.core.talk import Measured, News, Pulse, Snapshot
from hactl.core.value import replace
from hactl.tui.picture import LANE, RECORDS, SAMPLES, UNMEASURED, Picture, View


def a_snapshot() -> Snapshot:
    return Snapshot(fleet=founded(), at=1000.0, mono=50.0)


def a_record(seq: int) -> Record:
    return Record(seq=seq, wall=1000.0 + seq, mono=50.0 + seq, event=WeightsChanged(nodes={"seoul-1": seq}))


def test_news_change_the_fleet_and_are_remembered():
    picture = Picture()
    picture.take(a_snapshot(), 1.0)
    after = picture.seq + 1
    picture.take(News(records=(a_record(after),)), 2.0)
    assert picture.seq == after
    assert picture.snapshot.fleet.nodes["seoul-1"].weight == after
    assert [record.seq for record in picture.records] == [after]
    assert picture.heard == 2.0


def test_what_is_known_already_is_not_taken_twice():
    """After a break the stream may begin a little before where it ended."""
    picture = Picture()
    picture.take(a_snapshot(), 1.0)
    news = News(records=(a_record(picture.seq + 1),))
    picture.take(news, 2.0)
    picture.take(news, 3.0)
    assert len(picture.records) == 1


def test_measurements_move_the_time_and_fill_a_lane():
    picture = Picture()
    picture.take(a_snapshot(), 1.0)
    for second in range(LANE + 10):
        sample = Sample(node="seoul-1", at=1000.0 + second, requests=float(second))
        picture.take(Measured(at=1000.0 + second, samples=(sample,), pulse=Pulse(pid=7)), float(second))
    assert (picture.snapshot.at, picture.snapshot.mono) == (1159.0, 209.0)
    assert picture.snapshot.pulse.pid == 7
    assert list(picture.now().rates["seoul-1"]) == [float(second) for second in range(10, LANE + 10)]


def test_a_process_that_has_gone_is_forgotten():
    picture = Picture()
    snapshot = a_snapshot()
    picture.take(replace(snapshot, samples=(Sample(node="seoul-1", at=1.0, requests=5.0),)), 1.0)
    picture.take(replace(snapshot, fleet=replace(snapshot.fleet, nodes={})), 2.0)
    assert picture.now().rates == {}


def test_memory_is_bounded_and_the_newest_stay():
    picture = Picture()
    picture.take(a_snapshot(), 1.0)
    first = picture.seq + 1
    for seq in range(first, first + RECORDS + 50):
        picture.take(News(records=(a_record(seq),)), 2.0)
    assert len(picture.records) == RECORDS
    assert picture.records[-1].seq == first + RECORDS + 49


def test_the_signs_of_life_of_a_drill_push_nothing_out_and_leave_no_hole():
    """They count, for the picture stands where the daemon does; what is kept is what people are told."""
    picture = Picture()
    fleet = (Script(serving()) >> BeginDrill(name="d", nodes=("seoul-1",))).fleet
    (drill,) = fleet.operations
    picture.take(replace(a_snapshot(), fleet=fleet), 1.0)
    first, last = picture.seq + 1, picture.seq + RECORDS + 9
    kept = DrillKept(id=drill, expires=99.0, canary=7)
    signs = (replace(a_record(seq), event=kept) for seq in range(first + 1, last))
    picture.take(News(records=(a_record(first), *signs, a_record(last))), 2.0)
    assert picture.seq == last
    assert picture.snapshot.fleet.operations[drill].drill.canary == 7
    assert [record.seq for record in picture.records] == [first, last]
    view = picture.then(1000.0 + last)
    assert view.snapshot.fleet.seq == picture.seq
    assert view.records == tuple(picture.records)


def test_what_was_before_comes_before():
    picture = Picture()
    picture.take(a_snapshot(), 1.0)
    now = picture.seq
    picture.take(News(records=(a_record(now + 1),)), 2.0)
    picture.recall([a_record(seq) for seq in range(now - 1, now + 2)])
    assert [record.seq for record in picture.records] == [now - 1, now, now + 1]


def test_a_lost_daemon_leaves_the_picture_as_it_was():
    picture = Picture()
    picture.take(a_snapshot(), 1.0)
    picture.lost("no daemon answers")
    assert picture.trouble == "no daemon answers"
    assert picture.snapshot is not None
    picture.take(News(records=(replace(a_record(picture.seq + 1), event=DaemonStopped(pid=1)),)), 9.0)
    assert picture.trouble == ""


def test_without_a_snapshot_there_is_nothing_to_change():
    picture = Picture()
    picture.take(News(records=(a_record(5),)), 1.0)
    picture.take(Measured(at=1.0), 2.0)
    assert picture.snapshot is None
    assert picture.seq == 0


class TestThePast:
    """Time travel: as it was, with what had happened until then."""

    def seen(self) -> Picture:
        picture = Picture()
        picture.take(a_snapshot(), 1.0)
        for second in range(1, 100):
            if second == 50:
                picture.take(News(records=(replace(a_record(picture.seq + 1), wall=1049.5),)), 2.0)
            sample = Sample(node="seoul-1", at=1000.0 + second, requests=float(second))
            picture.take(Measured(at=1000.0 + second, samples=(sample,)), float(second))
        return picture

    def test_a_moment_is_what_was_known_then(self):
        view = self.seen().then(1030.4)
        assert view.snapshot.at == 1030.0
        assert view.records == ()
        assert list(view.rates["seoul-1"]) == [float(second) for second in range(1, 31)]
        assert not view.live

    def test_what_happened_before_is_there(self):
        view = self.seen().then(1060.0)
        assert len(view.records) == 1
        assert view.snapshot.fleet.seq == view.records[0].seq
        assert list(view.rates["seoul-1"]) == [float(second) for second in range(1, 61)]

    def test_before_everything_is_the_first_moment(self):
        assert self.seen().then(0.0).snapshot.at == 1000.0

    def test_how_traffic_was_spread_goes_with_it(self):
        picture = self.seen()
        assert len(picture.now().spread) == len(picture.moments) == 100
        assert picture.then(1030.4).spread[-1] == {"seoul": 30.0}

    def test_an_empty_picture_has_no_past(self):
        assert Picture().then(5.0).snapshot is None

    def test_now_is_live(self):
        picture = self.seen()
        assert picture.now().live
        assert picture.now().snapshot is picture.snapshot

    def test_moments_are_bounded(self):
        picture = Picture()
        picture.take(a_snapshot(), 1.0)
        many = tuple(Sample(node=f"n{number}", at=1.0) for number in range(1000))
        for second in range(SAMPLES // 1000 + 50):
            picture.take(Measured(at=1000.0 + second, samples=many), 1.0)
        assert len(picture.moments) == SAMPLES // 1000


def test_another_fleet_of_the_same_name_has_a_past_of_its_own():
    picture = Picture()
    picture.take(a_snapshot(), 1.0)
    picture.take(News(records=(a_record(picture.seq + 1),)), 2.0)
    other = a_snapshot()
    picture.take(replace(other, fleet=replace(other.fleet, id="another")), 3.0)
    assert not picture.records
    assert len(picture.moments) == 1


class TestSilence:
    """The daemon is away for twelve seconds, and comes back."""

    def seen(self) -> Picture:
        picture = Picture()
        picture.take(a_snapshot(), 1.0)
        for second in (*range(1, 21), *range(33, 43)):
            sample = Sample(node="seoul-1", at=1000.0 + second, requests=float(second))
            picture.take(Measured(at=1000.0 + second, samples=(sample,)), float(second))
        return picture

    def test_a_second_is_a_column_whether_something_was_measured_or_not(self):
        view = self.seen().now()
        assert list(view.rates["seoul-1"])[19:33] == [20.0, *[None] * 12, 33.0]
        assert [moment.get("seoul") for moment in view.spread][20:34] == [20.0, *[None] * 12, 33.0]

    def test_what_comes_a_little_late_is_no_silence(self):
        picture = Picture()
        picture.take(a_snapshot(), 1.0)
        for at in (1000.9, 1002.1, 1003.0, 1004.3):
            picture.take(Measured(at=at, samples=(Sample(node="seoul-1", at=at, requests=1.0),)), 1.0)
        assert list(picture.now().rates["seoul-1"]) == [1.0] * 4

    def test_within_it_nothing_is_known(self):
        view = self.seen().then(1027.0)
        assert not view.measured
        assert view.trouble == UNMEASURED
        assert view.snapshot.at == 1027.0
        assert view.snapshot.samples == ()
        assert list(view.rates["seoul-1"])[-8:] == [19.0, 20.0, *[None] * 6]
        for at in (1020.0, 1022.5, 1033.0):
            assert self.seen().then(at).measured, at


def test_what_was_measured_of_a_process_that_has_ended_since_is_nothing_to_go_by():
    """Until it is measured again: numbers of its last second do not stand beside a process that is stopped."""
    picture = Picture()
    snapshot = a_snapshot()
    node = replace(snapshot.fleet.nodes["seoul-1"], state=NodeState.SERVING, since=10.0)
    sample = Sample(node="seoul-1", at=999.9, requests=50.0)
    fleet = replace(snapshot.fleet, nodes=snapshot.fleet.nodes | {"seoul-1": node})
    picture.take(replace(snapshot, fleet=fleet, samples=(sample,)), 1.0)
    assert picture.snapshot.samples == (sample,)
    event = NodeChanged(was=node.state, node=replace(node, state=NodeState.STOPPED, since=1000.5), why="stopped")
    picture.take(News(records=(replace(a_record(picture.seq + 1), event=event),)), 1.5)
    assert picture.snapshot.samples == ()


def test_what_is_old_grows_older_while_nobody_answers() -> None:
    """But not in the past, which stands still."""
    view = View(snapshot=Snapshot(fleet=serving(), at=1000.0, mono=1.0), heard=50.0)
    assert view.wall(50.0) == 1000.0
    assert view.wall(95.0) == 1045.0
    assert replace(view, live=False).wall(95.0) == 1000.0
