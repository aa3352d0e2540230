"""The configuration from before a drill is in force again when the drill is over, whatever happened meanwhile."""

import pytest
from support.build import a_proposal, a_spec, founded
from support.world import MemoryWorld

from hactl.core.commands import Apply, BeginDrill, EndDrill
from hactl.core.config_events import RevisionApplied, RevisionRolledBack
from hactl.core.drills import in_progress
from hactl.core.errors import CommandRejected
from hactl.core.events import OperationBegan
from hactl.core.operation import Outcome, Verb
from hactl.core.routing import RouteSpec
from hactl.core.spec import FleetSpec, RegionSpec
from hactl.core.value import replace

APPLY = Apply(text="")
OTHER_ROUTES = (RouteSpec(prefix="/new", respond=200),)


def lent(*, config: bool = True) -> tuple[MemoryWorld, str]:
    """A fleet whose configuration is lent to a drill."""
    world = MemoryWorld(founded(a_spec(regions=2, nodes=2))).begin()
    drill = world.submit(BeginDrill(name="bad-config", nodes=(), config=config, lease=120.0, longest=600.0))
    return world, drill


def apply(world: MemoryWorld, spec: FleetSpec | None = None, *, bake: float = 0.0) -> str:
    spec = spec or replace(world.fleet.spec, routes=OTHER_ROUTES)
    return world.submit(APPLY, proposal=a_proposal(world.fleet, spec, bake=bake))


def come(world: MemoryWorld, applied: str) -> None:
    """Turn by turn until it has ended, and no further: then the lease is far from over."""
    while applied in world.fleet.operations:
        world.turn()
    assert world.ending(applied).outcome is Outcome.DONE
    assert world.fleet.revision == 2


def test_one_that_has_come_into_force_goes_back_as_it_came() -> None:
    """As a revision of its own, one process after the other, and the drill is over when it is in force."""
    world, drill = lent()
    before = world.fleet.spec
    come(world, apply(world))
    launches = {node.name: node.launches for node in world.fleet.gateways}
    world.submit(EndDrill(id=drill))
    world.settle().check_quiet()
    assert world.fleet.spec == before
    assert world.fleet.revision == 3
    assert world.ending(drill).outcome is Outcome.DONE
    assert all(node.launches == launches[node.name] + 1 for node in world.fleet.gateways)
    began = [event.operation for event in world.saw(OperationBegan)]  # type: ignore[attr-defined]
    assert [(one.verb, one.sentence) for one in began][-1] == (Verb.APPLY, "go back to revision 1 (revision 3)")


def test_one_that_is_on_its_way_turns_round() -> None:
    world, drill = lent()
    before = world.fleet.spec
    applied = apply(world, bake=30.0)
    world.run(20)
    world.submit(EndDrill(id=drill))
    world.settle().check_quiet()
    assert world.ending(applied).outcome is Outcome.ROLLED_BACK
    assert "drill bad-config has ended" in world.ending(applied).sentence
    assert world.ending(drill).outcome is Outcome.DONE
    assert (world.fleet.spec, world.fleet.revision) == (before, 1)


def test_a_drill_that_changed_nothing_has_nothing_to_go_back_to() -> None:
    world, drill = lent()
    world.submit(EndDrill(id=drill))
    world.settle().check_quiet()
    assert world.ending(drill).outcome is Outcome.DONE
    assert world.fleet.last_revision == 1


def test_a_runner_that_falls_silent_loses_the_configuration_too() -> None:
    """Its lease lapses as any does."""
    world, drill = lent()
    before = world.fleet.spec
    apply(world)
    world.settle().check_quiet()
    assert in_progress(world.fleet) is None
    assert world.ending(drill).outcome is Outcome.ROLLED_BACK
    assert world.fleet.spec == before


@pytest.mark.parametrize("turns", range(0, 120, 4))
def test_a_daemon_that_dies_half_way_changes_nothing_about_it(turns: int) -> None:
    """At any moment of the way there or back: the next one goes on."""
    world, drill = lent()
    before = world.fleet.spec
    apply(world)
    world.run(turns)
    world.crash()
    world.recover()
    world.run(turns)
    if in_progress(world.fleet) is not None:
        world.submit(EndDrill(id=drill))
        world.run(turns)
        world.crash()
        world.recover()
    world.settle().check_quiet()
    assert world.fleet.spec == before
    assert world.fleet.proposal is None
    assert in_progress(world.fleet) is None


def test_what_cannot_come_back_is_said_with_what_to_do() -> None:
    """No process takes the old one any more: one attempt, and then a person has to look."""
    world, drill = lent()
    come(world, apply(world))
    world.unfit = lambda spec: not spec.routes
    world.submit(EndDrill(id=drill))
    world.settle()
    ended = world.ending(drill)
    assert ended.outcome is Outcome.FAILED
    assert "hactl config rollback 1" in ended.sentence
    assert world.fleet.revision == 2


def test_what_could_not_go_back_may_not_come() -> None:
    """Other processes or addresses: a fleet that is lent has those it has."""
    world, _ = lent()
    more = replace(world.fleet.spec, regions=(*world.fleet.spec.regions, RegionSpec(name="sapporo", nodes=1)))
    with pytest.raises(CommandRejected, match="drill bad-config may change the configuration") as refusal:
        apply(world, more)
    assert refusal.value.hint
    free, _ = lent(config=False)
    apply(free, more)


def test_nothing_comes_while_it_goes_back() -> None:
    world, drill = lent()
    come(world, apply(world))
    world.submit(EndDrill(id=drill))
    assert in_progress(world.fleet) is not None
    with pytest.raises(CommandRejected, match="in progress: go back to revision 1"):
        apply(world, replace(world.fleet.spec, routes=(RouteSpec(prefix="/newer", respond=200),)))


def test_a_drill_without_the_configuration_leaves_it_alone() -> None:
    """What an operator brings into force meanwhile is theirs."""
    world, drill = lent(config=False)
    apply(world)
    world.settle()
    assert world.fleet.revision == 2
    assert not world.saw(RevisionRolledBack)
    assert len(world.saw(RevisionApplied)) == 1
    assert world.ending(drill).outcome is not Outcome.FAILED
