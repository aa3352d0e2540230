"""The headless verbs from inside the console: what is typed is what runs."""

import pytest

from hactl.core.errors import HactlError
from hactl.tui.shell import Ran, complete, parse, run

VERBS = ("kill", "status", "start", "stop")
NAMES = ("seoul-1", "seoul-2", "seoul", "edge-1")


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("kill seoul-1", ["kill", "seoul-1"]),
        (" hactl kill seoul-1 ", ["kill", "seoul-1"]),
        ("drain seoul-1 --reason 'a test'", ["drain", "seoul-1", "--reason", "a test"]),
    ],
)
def test_words_are_those_of_a_shell(typed, words):
    assert parse(typed) == words


def test_a_quote_that_does_not_end_is_an_error():
    with pytest.raises(HactlError, match="no closing quotation"):
        parse("kill 'seoul-1")


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("ki", "kill"),
        ("st", "status"),
        ("kill seo", "kill seoul-1"),
        ("kill seoul-1 ed", "kill seoul-1 edge-1"),
        ("kill", None),
        ("kill ", None),
        ("", None),
        ("nope", None),
    ],
)
def test_the_first_word_is_a_verb_and_the_others_are_names(typed, found):
    assert complete(typed, VERBS, NAMES) == found


async def test_what_a_command_says_and_how_it_ends_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HACTL_STATE_DIR", str(tmp_path))
    ran = await run(["status"], "nowhere")
    assert ran.shell == "hactl status"
    assert ran.code == 6
    assert "no fleet 'nowhere' on this machine" in ran.text
    assert ran.notice is not None
    assert ran.notice.startswith("$ hactl status\n")
    assert ran.notice.endswith("exit code 6")


async def test_one_that_does_not_end_is_ended_and_what_it_said_is_shown(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HACTL_STATE_DIR", str(tmp_path))
    ran = await run(["--help"], "nowhere", longest=0.0)
    assert "ended here after 0 s: run it in a shell" in ran.text
    assert ran.code != 0


def test_long_output_is_no_notice():
    assert Ran(shell="hactl events", code=0, text="\n".join("abcdefgh")).notice is None
    assert Ran(shell="hactl where", code=0, text="one").notice == "$ hactl where\none"
