"""Help, dispatch and exit codes of the installed command."""

import os
import signal
from pathlib import Path

import click
import pytest
from support.command import Home, finish

from hactl.cli.drill import DRILL, drill
from hactl.cli.main import VERBS

GOLDEN = Path(__file__).with_name("golden")
REGENERATE = "HACTL_WRITE_GOLDEN"
"""HACTL_WRITE_GOLDEN=1 pytest tests/cli/test_main.py writes the help texts anew."""
PAGES = [
    "",
    *VERBS,
    *(f"config {verb}" for verb in ("check", "show", "diff", "apply", "history", "rollback")),
    "daemon restart",
    *(f"alert {verb}" for verb in ("list", "test")),
    *(f"drill {verb}" for verb in DRILL),
]


def golden(page: str) -> Path:
    return GOLDEN / f"{'-'.join(page.split()) or 'hactl'}.txt"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page or "hactl")
def test_help_is_what_stands_in_the_repository(page: str, home: Home) -> None:
    """A change of any help text is seen in review."""
    shown = home.ok(*page.split(), "--help")
    if os.environ.get(REGENERATE):
        golden(page).write_text(shown)
    assert shown == golden(page).read_text()
    assert all(len(line) <= 100 for line in shown.splitlines())


def test_every_golden_page_is_of_a_verb_there_is() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == {golden(page).name for page in PAGES}


@pytest.mark.parametrize("verb", VERBS)
def test_the_list_of_verbs_says_what_the_verb_says(verb: str) -> None:
    """The line in the root's help is short, and no verb is without one."""
    module, summary = VERBS[verb]
    assert module.startswith("hactl.cli.")
    assert summary.endswith(".")
    assert len(summary) <= 80


@pytest.mark.parametrize("verb", DRILL)
def test_the_list_of_verbs_about_drills_says_what_each_says_first(verb: str) -> None:
    command = drill.get_command(click.Context(drill), verb)
    assert command is not None
    assert (command.name, command.get_short_help_str(100)) == (verb, DRILL[verb][1])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("statsu",), "Did you mean 'status'?"),
        (("drill", "stpo"), "Did you mean 'stop'?"),
        (("drill", "xyzzy"), "See: hactl drill --help"),
    ],
    ids=str,
)
def test_a_misspelt_verb_is_answered_with_the_nearest_one(home: Home, words: tuple[str, ...], said: str) -> None:
    done = home.run(*words)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stdout == ""


def test_the_version_is_data(home: Home) -> None:
    assert home.ok("--version").startswith("hactl 0.")


class TestExitCodes:
    """Each exit code, provoked for real. Scripts rely on them."""

    def test_0_all_well(self, fleet: Home) -> None:
        assert fleet.run("status").returncode == 0

    def test_0_for_nothing_typed_in_front_of_a_fleet(self, fleet: Home) -> None:
        """Without a verb: the status."""
        done = fleet.run()
        assert done.returncode == 0
        assert done.stdout.startswith("fleet t: ok")

    def test_1_failed(self, fleet: Home) -> None:
        done = fleet.run("kill", "nobody-1")
        assert done.returncode == 1
        assert done.stderr == (
            "hactl: no node 'nobody-1' in fleet 't'\n  try: known: edge-1, edge-2, a-1, a-2, b-1, b-2\n"
        )

    def test_2_usage(self, fleet: Home) -> None:
        assert fleet.run("kill", "a-1", "--no-such-option").returncode == 2

    def test_2_configuration(self, home: Home) -> None:
        home.configure("nonsense = 1")
        assert home.run("up").returncode == 2

    def test_3_unhealthy(self, home: Home) -> None:
        """`up` gives up on nodes that keep dying and says so; what it began can be seen and taken down."""
        home.configure('[gateway]\nkind = "command"\ncommand = ["false"]\n\n[restart]\nbase = "10ms"\nmax = "10ms"\n')
        up = home.run("up")
        assert up.returncode == 1
        assert "cannot be started" in up.stderr
        assert home.run("status").returncode == 3
        assert home.run("doctor").returncode in (0, 3)
        home.ok("down")

    def test_0_for_what_an_operator_wants_out(self, fleet: Home) -> None:
        """A drained node is no defect of the fleet."""
        fleet.ok("drain", "a-1", "--wait")
        fleet.ok("status")
        fleet.ok("resume", "a-1", "--wait")

    def test_4_timeout(self, fleet: Home) -> None:
        done = fleet.run("wait", "a-1", "--for", "stopped", "--timeout", "100ms")
        assert done.returncode == 4
        assert done.stderr.startswith("hactl: timed out after 0.1 s waiting for a-1 to be stopped\n  try: ")

    def test_5_refused_by_a_guard(self, fleet: Home) -> None:
        done = fleet.run("kill", "--all")
        assert done.returncode == 5
        assert "--confirm t" in done.stderr

    def test_6_unreachable(self, home: Home) -> None:
        home.configure()
        assert home.run("status").returncode == 6

    def test_130_interrupted(self, fleet: Home) -> None:
        following = fleet.start("events", "--follow", "--limit", "1")
        assert following.stdout is not None
        following.stdout.readline()
        following.send_signal(signal.SIGINT)
        code, _, said = finish(following)
        assert code == 130
        assert said.strip() == "interrupted"
