"""The list of everything: what can be done is said with its target, what cannot with its reason."""

from support.pictures import a_fleet, a_snapshot, a_view, with_node

from hactl.core.commands import Drain, Kill, Start
from hactl.core.node import NodeState
from hactl.core.value import replace
from hactl.tui.actions import Target
from hactl.tui.keys import ONLY_READS, WRITES, rows
from hactl.tui.palette import SHIFTED, Entry, entries, narrowed
from hactl.tui.picture import View


def shown(view: View, cursor: str) -> dict[str, Entry]:
    """By title, up to the colon."""
    assert view.snapshot is not None
    known = entries(
        view,
        rows(view.snapshot.fleet, cursor),
        pages=("fleet", "node"),
        verbs=("kill", "where"),
        themes=("dark", "light"),
    )
    return {entry.title: entry for entry in known}


def starting(known: dict[str, Entry], words: str) -> Entry:
    return next(entry for title, entry in known.items() if title.startswith(words))


def test_every_key_that_writes_is_in_it_with_words_of_its_own():
    assert SHIFTED.keys() == WRITES.keys()
    keys = [entry.keys for entry in shown(a_view(), "seoul-1").values()]
    assert keys[: len(WRITES)] == list(WRITES)


def test_changes_are_about_what_is_chosen():
    known = shown(a_view(), "seoul-1")
    kill = starting(known, "kill seoul-1: ")
    assert kill.action is not None
    assert kill.action.command == Kill(nodes=("seoul-1",))
    assert starting(known, "weight of seoul-1: ").action is not None
    assert starting(known, "fail over seoul: ").action is not None
    stopped = a_view(a_snapshot(with_node(a_fleet(), "seoul-1", state=NodeState.STOPPED, launch=None)))
    start = starting(shown(stopped, "seoul-1"), "start seoul-1")
    assert start.action is not None
    assert start.action.command == Start(nodes=("seoul-1",))


def test_what_cannot_be_done_says_why():
    assert "is an edge" in starting(shown(a_view(), "edge-1"), "drain").why_not
    past = shown(replace(a_view(), live=False), "seoul-1")
    assert past["kill: ends it at once, like a crash"].why_not == "this is the past: p goes back to live"
    assert past[":where ..."].why_not == "", "commands are about now, whatever is shown"
    reader = shown(replace(a_view(), refusal=ONLY_READS), "seoul-1")
    assert "read-only" in reader[":kill ..."].why_not
    assert reader[":where ..."].why_not == "", "reading is what it is for"


def test_what_is_not_chosen_is_found_by_its_name():
    known = tuple(shown(a_view(), "seoul-1").values())
    drain = narrowed(known, "drain osa")[0]
    assert drain.title.startswith("drain osaka-1: ")
    assert drain.action is not None
    assert drain.action.command == Drain(nodes=("osaka-1",))
    assert drain.action.targets == (Target.of(a_fleet().nodes["osaka-1"]),), "frozen when the list was opened"
    assert drain.keys == "", "the key would be about another row"
    assert [entry.title.split(":")[0] for entry in narrowed(known, "fail over")] == [
        "fail over seoul",
        "fail over osaka",
    ]
    possible = [entry.title.split(":")[0] for entry in narrowed(known, "edge-1")]
    assert possible == ["kill edge-1", "stop edge-1", "restart edge-1", "freeze edge-1"], "no drain: it has no share"
    assert narrowed(tuple(shown(replace(a_view(), refusal=ONLY_READS), "seoul-1").values()), "drain osaka") == ()


def test_nothing_is_in_it_twice():
    for cursor in ("seoul-1", "[seoul]", "[edges]"):
        view = a_view()
        assert view.snapshot is not None
        given = {"pages": ("fleet",), "verbs": ("kill",), "themes": ("dark",)}
        titles = [entry.title for entry in entries(view, rows(view.snapshot.fleet, cursor), **given)]
        assert len(set(titles)) == len(titles)


def test_screens_themes_and_commands_are_there():
    known = shown(a_view(), "seoul-1")
    assert known["screen node"] == Entry(title="screen node", keys="2", run="page('node')")
    assert known["theme light"].run == "theme('light')"
    assert known[":kill ..."].run == "command('kill ')"


def test_typing_narrows_it_and_what_begins_so_comes_first():
    known = tuple(Entry(title=title) for title in ("screen kill", "kill a", ":kill ...", "weight"))
    assert narrowed(known, "") == known
    assert [entry.title for entry in narrowed(known, "KILL")] == ["kill a", ":kill ...", "screen kill"]
    assert [entry.title for entry in narrowed(known, "a kill")] == ["kill a"]
    assert narrowed(known, "zzz") == ()
