"""The headless verbs from inside the console: what is typed is what runs."""

import subprocess
from pathlib import Path

import pytest

from hactl.core.errors import HactlError
from hactl.tui.shell import Ran, command, complete, only_reads, parse, run

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
    ("typed", "reads"),
    [
        *((each, True) for each in ("status", "events -f", "logs a-1", "where", "doctor", "wait a-1", "fleets")),
        *((f"config {each}", True) for each in ("diff", "history", "show", "check")),
        *((f"drill {each}", True) for each in ("list", "show x", "plan x", "report x")),
        *((each, False) for each in ("", "kill a-1", "config", "config apply", "drill run x", "drill", "purge", "--x")),
    ],
)
def test_a_command_that_changes_nothing_is_known_by_its_verb(typed, reads):
    assert only_reads(parse(typed)) is reads


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


def test_what_was_spelt_for_a_shell_elsewhere_can_be_pasted_as_well():
    """It is the same command, so that it is known for what it is: a drill that lasts, a verb that only reads."""
    assert parse("hactl --fleet prod drill run node-kill", "prod") == ["drill", "run", "node-kill"]
    assert parse("hactl --fleet staging status", "prod") == ["--fleet", "staging", "status"]


async def test_what_a_command_says_and_how_it_ends_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HACTL_STATE_DIR", str(tmp_path))
    ran = await run(["status"], "nowhere")
    assert ran.shell == "hactl status"
    elsewhere = await run(["status"], "nowhere", program=("hactl", "--fleet", "nowhere"))
    assert elsewhere.shell == "hactl --fleet nowhere status"
    assert ran.code == 6
    assert "no fleet 'nowhere' on this machine" in ran.text
    assert ran.notice is not None
    assert ran.notice.startswith("$ hactl status\n")
    assert ran.notice.endswith("exit code 6")


async def test_one_that_does_not_end_is_ended_and_what_it_said_is_shown(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HACTL_STATE_DIR", str(tmp_path))
    ran = await run(["--help"], "nowhere", longest=0.0)
    assert "stopped after 0 s: run it in a shell" in ran.text
    assert ran.code != 0


def test_long_output_is_no_notice():
    assert Ran(shell="hactl events", code=0, text="\n".join("abcdefgh")).notice is None
    assert Ran(shell="hactl where", code=0, text="one").notice == "$ hactl where   one"


async def test_it_is_given_what_its_console_hands_down(tmp_path):
    (tmp_path / "sitecustomize.py").write_text("import os; print(os.environ['HACTL_LABEL'])")
    ran = await run(["--version"], "x", env={"HACTL_LABEL": "pts/3", "PYTHONPATH": str(tmp_path)})
    assert ran.text.splitlines()[0] == "pts/3"


def test_what_lies_in_the_directory_one_is_in_is_no_part_of_it(tmp_path: Path):
    (tmp_path / "click.py").write_text("raise SystemExit(99)")
    ended = subprocess.run(command(["--version"], "nobody"), cwd=tmp_path, capture_output=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, b"")
