"""What a drill sends is bound to it: it comes to nothing as soon as the fleet is lent to it no more."""

import pytest
from support.build import a_spec
from support.script import TERM, Script, after, drilling, lent, serving

from hactl.core.bound import Bound
from hactl.core.codec import decode, encode
from hactl.core.commands import (
    Apply,
    BoundCommand,
    Command,
    EndDrill,
    Failback,
    Freeze,
    Heal,
    Impair,
    Kill,
    Request,
    Restart,
    Start,
)
from hactl.core.drills import in_progress
from hactl.core.errors import CommandRejected
from hactl.core.events import OperationBegan
from hactl.core.hop import Disturbance, HopFault
from hactl.core.hop_commands import BreakHop, MendHop
from hactl.core.impairment import Impairment
from hactl.core.machine import step
from hactl.core.model import Proposal
from hactl.core.value import replace

NODES = ("seoul-1",)
SPEC = a_spec(regions=2, nodes=2, edges=2)
COMMANDS: dict[type[Command], BoundCommand] = {
    Start: Start(nodes=NODES),
    Restart: Restart(nodes=NODES),
    Kill: Kill(nodes=NODES, hold=True),
    Freeze: Freeze(nodes=NODES),
    Apply: Apply(text="[fleet]"),
    Failback: Failback(region="seoul"),
    Impair: Impair(nodes=NODES, fault=Impairment(failed=10)),
    Heal: Heal(nodes=NODES),
    BreakHop: BreakHop(nodes=NODES, fault=HopFault(what=Disturbance.REFUSE)),
    MendHop: MendHop(nodes=NODES),
}
"""One of each kind."""


def asked(command: BoundCommand, story: Script, drill: str) -> Request:
    """The same for that drill; what a configuration comes to is known by then."""
    fleet = story.fleet
    proposal = Proposal(spec=SPEC, nodes=tuple(fleet.nodes.values()), base=fleet.revision)
    return Request(
        command=replace(command, drill=drill), by="drill", proposal=proposal if isinstance(command, Apply) else None
    )


def test_every_command_that_can_be_bound_is_known_here() -> None:
    assert set(COMMANDS) == set(BoundCommand.__args__) == {kind for kind in Command.__args__ if issubclass(kind, Bound)}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=lambda one: type(one).__name__)
def test_a_drill_that_is_over_does_nothing_any_more(command: BoundCommand) -> None:
    """Its runner was silent for too long: whatever it asks for afterwards is refused, also while the fleet is lent to
    another drill, or still being put back."""
    story, drill = drilling("seoul-1", "seoul-2", spec=SPEC)
    late = asked(command, story, drill)
    being_put_back = Script(story.fleet) >> Kill(nodes=NODES) >> EndDrill(id=drill)
    assert in_progress(being_put_back.fleet) is not None
    over = Script(story.fleet, story.mono) >> after(TERM + 1)
    another = Script(over.fleet, over.mono) >> lent("seoul-1")
    for fleet in (being_put_back, over, another):
        refused = fleet.refuses(late)
        assert refused.message == f"the fleet is no longer lent to drill '{drill}'"
        assert (refused.guard, bool(refused.hint)) == (True, True)


@pytest.mark.parametrize("command", COMMANDS.values(), ids=lambda one: type(one).__name__)
def test_a_drill_in_progress_is_asked_nothing_else_than_people_are(command: BoundCommand) -> None:
    """Bound to the drill that has the fleet, a command comes to the same as if anybody had sent it."""
    story, drill = drilling("seoul-1", "seoul-2", spec=SPEC)
    outcomes = []
    for request in (asked(command, story, drill), asked(command, story, "")):
        try:
            began = [
                event for event in step(story.fleet, request, story.now).events if isinstance(event, OperationBegan)
            ]
            outcomes.append(began[0].operation.sentence)
        except CommandRejected as rejected:
            outcomes.append(rejected.message)
    assert outcomes[0] == outcomes[1]
    assert "lent to drill" not in outcomes[0]


def test_only_who_is_bound_says_so() -> None:
    """A daemon that knows nothing of it understands everybody else, and every command of old is understood."""
    kill = b'{"do":"kill","nodes":["seoul-1"],"hold":false}'
    assert encode(Kill(nodes=NODES)) == kill
    assert decode(kill, Command) == Kill(nodes=NODES)
    bound = Kill(nodes=NODES, drill="op-7")
    assert b'"drill":"op-7"' in encode(bound)
    assert decode(encode(bound), Command) == bound


def test_who_has_no_drill_is_asked_for_none() -> None:
    """An empty name is as none."""
    story = Script(serving(SPEC)) >> Kill(nodes=NODES, drill="")
    assert story.fleet.operations
