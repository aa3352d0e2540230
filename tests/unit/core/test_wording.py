"""What is asked for, as everybody is told it."""

import pytest
from hypothesis import given, settings
from support.values import values

from hactl.core.commands import (
    AskDrill,
    BeginDrill,
    Command,
    ContinueDrill,
    EndDrill,
    KeepDrill,
    Kill,
    Pause,
    SetWeight,
)
from hactl.core.wording import in_words

SIGNS = (KeepDrill, EndDrill, AskDrill, ContinueDrill)
"""Of a drill in progress: no operations of their own."""


@settings(max_examples=200)
@given(values(Command))
def test_every_command_that_becomes_an_operation_has_words(command: Command) -> None:
    if not isinstance(command, SIGNS):
        assert in_words(command)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (Kill(nodes=("a-1", "a-2")), "kill a-1, a-2 with SIGKILL"),
        (Kill(nodes=("a-1",), hold=True), "kill a-1 with SIGKILL, and keep it down"),
        (SetWeight(nodes=("a-1",), regions=("b",), weight=7), "weight of a-1, b = 7"),
        (Pause(), "pause"),
        (Pause(seconds=60.0), "pause for 60 s"),
        (BeginDrill(name="node-kill", nodes=("a-1",)), "drill node-kill on a-1"),
    ],
)
def test_a_command_is_a_sentence(command: Command, words: str) -> None:
    """Whom it is about stands in it."""
    assert in_words(command) == words
