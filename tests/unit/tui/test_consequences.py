"""What is shown before anybody says yes: who is hit, what they carry, who would carry it, how much would be left."""

from support.build import a_spec
from support.pictures import AT, a_fleet, a_snapshot, samples

from hactl.core.commands import Command, Drain, Failback, Failover, Freeze, Kill, Pause, Restart, Resume, Stop
from hactl.core.headroom import CapacityVerdict, Carrying, carrying
from hactl.core.load import measured
from hactl.core.model import Fleet, Paused
from hactl.core.plan import Share
from hactl.core.talk import Receipt
from hactl.core.value import replace
from hactl.tui.actions import Action, Target
from hactl.tui.consequences import consequences, shifted
from hactl.tui.lines import plain
from hactl.tui.meaning import Meaning

NOTHING = Receipt(seq=1)


def said(command: Command, receipt: Receipt = NOTHING, fleet: Fleet | None = None) -> list[str]:
    fleet = fleet or a_fleet()
    names: tuple[str, ...] = getattr(command, "nodes", ())
    action = Action(command=command, targets=tuple(Target.of(fleet.nodes[name]) for name in names))
    return [plain(line) for line in consequences(a_snapshot(fleet), action, receipt)]


def about(label: str, lines: list[str]) -> list[str]:
    return [line.removeprefix(label).strip() for line in lines if line.startswith(label)]


def test_who_it_is_and_what_it_carries():
    lines = said(Kill(nodes=("seoul-1",)))
    assert lines[0].startswith("who     seoul-1: serving, pid ")
    assert lines[0].endswith(", up 2m")
    assert lines[1] == "carries 25% of the traffic, 25 requests/s, 1 in flight"


def test_several_are_named_and_what_they_carry_is_summed():
    lines = said(Kill(nodes=("seoul-1", "seoul-2", "osaka-1")))
    assert len(about("who", lines)) == 3
    assert about("carries", lines) == ["75% of the traffic, 75 requests/s, 3 in flight"]


def test_many_are_counted():
    fleet = a_fleet(nodes=6)
    lines = said(Kill(nodes=tuple(f"seoul-{number}" for number in range(1, 7))), fleet=fleet)
    assert len(about("who", lines)) == 4
    assert about("  ", lines) == ["and 2 more processes"]
    lines = said(Kill(nodes=tuple(f"seoul-{number}" for number in range(1, 6))), fleet=fleet)
    assert about("  ", lines) == ["and 1 more process"]


def test_an_edge_has_no_share():
    assert about("carries", said(Kill(nodes=("edge-1",)))) == ["50 requests/s, 1 in flight"]


def test_who_takes_over_as_the_daemon_says():
    receipt = Receipt(seq=1, shares=(Share(node="seoul-2", region="seoul", part=0.5),), steps=("first this",))
    lines = said(Kill(nodes=("seoul-1",)), receipt)
    assert about("then", lines) == ["seoul-2 25% → 50%"]
    assert about("steps", lines) == ["first this"]
    assert about("then", said(Resume(nodes=("seoul-1",)), receipt)) == [], "what is mild takes nothing from anybody"


def test_how_much_the_others_have_left_and_what_could_be_lost_besides():
    for capacity, room in ((50, ""), (100, ", 50% room left")):
        fleet = replace(a_fleet(), spec=a_spec(regions=2, nodes=2, gateway={"capacity": capacity}))
        load = measured(fleet, samples(fleet), a_snapshot(fleet).at)
        left = carrying(fleet, load, ("seoul-1",))
        lines = said(Kill(nodes=("seoul-1",)), Receipt(seq=1, carrying=left), fleet)
        assert about("rest", lines) == [left.sentence + room]
        assert about("after", lines)[0].startswith("headroom: N-1 ")


def test_too_little_is_marked():
    left = Carrying(
        verdict=CapacityVerdict.SHORT, sentence="too much for them", nodes=1, needed=9.0, capacity=5.0, more=True
    )
    fleet = a_fleet()
    action = Action(command=Kill(nodes=("seoul-1",)), targets=(Target.of(fleet.nodes["seoul-1"]),))
    lines = consequences(a_snapshot(fleet), action, Receipt(seq=1, carrying=left))
    spans = [span for line in lines for span in line if "too much for them" in span.text]
    assert [(span.text, span.meaning) for span in spans] == [("short: too much for them", Meaning.DOWN)]


def test_the_grace_that_is_given_is_said():
    fleet = replace(a_fleet(), spec=a_spec(regions=2, nodes=2, gateway={"stop_timeout": 7.5}))
    graces = {
        command: about("grace", said(command(nodes=("seoul-1",)), fleet=fleet))[0]
        for command in (Kill, Freeze, Stop, Restart, Drain)
    }
    assert graces[Kill].startswith("none: SIGKILL")
    assert graces[Freeze].startswith("none: SIGSTOP")
    assert graces[Stop].startswith("7.5 s to finish open requests, then cut off")
    assert "7.5 s" in graces[Restart]
    assert "stays up" in graces[Drain]
    assert "no repairs meanwhile" in about("until", said(Pause()))[0]


def test_nobody_is_promised_a_repair_while_the_fleet_is_paused():
    """A paused fleet starts nobody again, and kills nobody who hangs."""
    paused = a_fleet(paused=Paused(by="ann", since=AT))
    for command, usual, then in (
        (Kill, "restarted automatically", "stays down: the fleet is paused"),
        (Freeze, "replaced automatically", "hangs until thawed: the fleet is paused"),
    ):
        assert usual in about("grace", said(command(nodes=("seoul-1",))))[0]
        assert about("grace", said(command(nodes=("seoul-1",)), fleet=paused))[0].endswith(then)


def test_traffic_that_moves_is_told_like_capacity_that_goes():
    """What the region carries now, and what could be lost once another one does."""
    for move in (Failover(region="seoul"), Failback(region="seoul")):
        lines = said(move)
        assert about("carries", lines) == ["50% of the traffic, 50 requests/s, 2 in flight"]
        assert about("after", lines)[0].startswith("headroom: N-1 ")


def test_whose_share_changes_most_comes_first():
    before = (Share(node="a", region="r", part=0.5), Share(node="b", region="r", part=0.5))
    after = (Share(node="a", region="r", part=0.503), Share(node="b", region="r", part=0.2))
    more = (*after, Share(node="c", region="r", part=0.1))
    assert shifted(before, more) == [("b", 0.5, 0.2), ("c", 0.0, 0.1)]
