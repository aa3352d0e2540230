"""A sign says that there is something to see, or that nothing comes any more, until one looks."""

from hactl.tui.activity import SILENCE, Activity, Sign

LONG = SILENCE["logs"] + 1.0


def test_what_was_there_from_the_beginning_is_nothing_new():
    activity = Activity()
    assert activity.look({"events": None}, "fleet", 0.0) == {}
    assert activity.look({"events": 700}, "fleet", 1.0) == {}


def test_what_comes_later_is_new_until_it_is_looked_at():
    activity = Activity()
    activity.look({"events": 7}, "fleet", 0.0)
    for moment in (1.0, 2.0):
        assert activity.look({"events": 8}, "fleet", moment) == {"events": Sign.NEW}
    assert activity.look({"events": 8}, "events", 3.0) == {}
    assert activity.look({"events": 8}, "fleet", 4.0) == {}


def test_what_comes_while_one_looks_has_been_seen():
    activity = Activity()
    activity.look({"events": 7}, "events", 0.0)
    activity.look({"events": 8}, "events", 1.0)
    assert activity.look({"events": 8}, "fleet", 2.0) == {}


def test_what_is_not_known_any_more_is_forgotten():
    activity = Activity()
    activity.look({"events": 7}, "fleet", 0.0)
    activity.look({"events": 8}, "fleet", 1.0)
    assert activity.look({"events": None}, "fleet", 2.0) == {}
    assert activity.look({"events": 1}, "fleet", 3.0) == {}, "of another fleet, perhaps"


def test_a_log_that_has_been_written_and_is_no_more_is_silent():
    activity = Activity()
    activity.look({"logs": 0}, "logs", 0.0)
    activity.look({"logs": 5}, "logs", 1.0)
    assert activity.look({"logs": 5}, "fleet", LONG) == {}
    assert activity.look({"logs": 5}, "fleet", 1.0 + LONG) == {"logs": Sign.SILENT}
    assert activity.look({"logs": 5}, "logs", 2.0 + LONG) == {}, "who looks sees that"


def test_a_log_in_which_nothing_has_come_yet_is_not_silent():
    activity = Activity()
    activity.look({"logs": 0}, "logs", 0.0)
    assert activity.look({"logs": 0}, "fleet", LONG) == {}


def test_lines_that_nobody_has_read_matter_more_than_the_silence_behind_them():
    activity = Activity()
    activity.look({"logs": 0}, "logs", 0.0)
    activity.look({"logs": 5}, "fleet", 1.0)
    assert activity.look({"logs": 5}, "fleet", 1.0 + LONG) == {"logs": Sign.NEW}


def test_another_log_begins_anew():
    activity = Activity()
    activity.look({"logs": 5}, "logs", 0.0)
    activity.look({"logs": 6}, "logs", 1.0)
    activity.look({"logs": 0}, "logs", 2.0)
    assert activity.look({"logs": 0}, "fleet", 2.0 + LONG) == {}


def test_silence_on_other_screens_says_nothing():
    activity = Activity()
    activity.look({"events": 1}, "fleet", 0.0)
    activity.look({"events": 2}, "events", 1.0)
    assert activity.look({"events": 2}, "fleet", 1.0 + LONG) == {}
