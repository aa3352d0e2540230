"""A configuration with one thing wrong: what it says, and when it counts as done."""

import pytest
from support.build import a_spec
from support.controller import MemoryController
from support.lending import on_loan
from support.script import serving

from hactl import config
from hactl.core.commands import Apply, Command
from hactl.core.config_events import RevisionProposed
from hactl.core.errors import CommandRejected, ConfigError, HactlError, Unreachable
from hactl.core.events import Event, NodeChanged, OperationEnded
from hactl.core.model import Proposal
from hactl.core.node import Launch, NodeState
from hactl.core.operation import Outcome
from hactl.core.routing import RouteSpec, ServiceSpec
from hactl.core.secrets import MASK
from hactl.core.spec import FleetSpec, GatewaySpec
from hactl.core.talk import Receipt
from hactl.core.value import replace
from hactl.drill.config_faults import NOBODY, changed, reasons
from hactl.drill.definition import ConfigChange, Definition, Fault, FaultKind, Target
from hactl.drill.faults import Injected
from hactl.drill.following import Follower
from hactl.drill.injecting import inject
from hactl.drill.plan import DrillPlan, plan

SERVICE = ServiceSpec(name="app", endpoints=(("127.0.0.1", 9000),))
SPEC = replace(a_spec(), services=(SERVICE,), routes=(RouteSpec(prefix="/", service="app"),))
FLEET = replace(serving(a_spec()), spec=SPEC)


def planned(change: ConfigChange) -> DrillPlan:
    fault = Fault(kind=FaultKind.CONFIG, target=Target(), change=change)
    return plan(Definition(name="d", title="t", faults=(fault,)), FLEET, 1)


class Applier(MemoryController):
    """Takes a configuration as a daemon would: the first node serves with it, or it ends without one."""

    def __init__(self, *, serves: bool = True) -> None:
        super().__init__(FLEET)
        self._serves = serves
        self.reason = ""

    async def submit(
        self, command: Command, *, by: str, reason: str = "", confirm: str = "", dry_run: bool = False
    ) -> Receipt:
        await super().submit(command, by=by, reason=reason, dry_run=dry_run)
        assert isinstance(command, Apply)
        self.reason = reason
        node = self.snapshot.fleet.nodes["seoul-1"]
        launch = Launch(instance="f1/seoul-1/2", pid=77, ticks=9, boot="b", at=0.0)
        news: list[Event] = [RevisionProposed(proposal=Proposal(spec=SPEC, nodes=(), revision=2))]
        if self._serves:
            news.append(NodeChanged(was=NodeState.STARTING, node=replace(node, revision=2, launch=launch)))
        else:
            news.append(OperationEnded(id="op-7", outcome=Outcome.ROLLED_BACK, sentence="'seoul-1' did not come up"))
        self.happen(*news)
        return Receipt(seq=self.snapshot.fleet.seq, operation="op-7")


async def injected(daemon: MemoryController, change: ConfigChange) -> Injected:
    drill = planned(change)
    follower = Follower(daemon, FLEET)
    async with follower.following():
        await daemon.until_watchers(1)
        return await inject(on_loan(daemon, drill), drill.strikes[0], follower, drill)


async def asked(daemon: MemoryController, change: ConfigChange) -> Injected:
    """The same where nothing is going to happen."""
    drill = planned(change)
    return await inject(on_loan(daemon, drill), drill.strikes[0], Follower(daemon, FLEET), drill)


def test_a_wrong_one_is_valid_and_says_of_every_service_that_it_is_nowhere() -> None:
    """All else in it is what is in force."""
    spec = config.parse(changed(SPEC, ConfigChange.WRONG_PORT), "x")
    assert [service.endpoints for service in spec.services] == [(NOBODY,)]
    assert replace(spec, services=SPEC.services) == config.parse(config.dump(SPEC), "x")


def test_an_invalid_one_is_refused_by_whoever_reads_it() -> None:
    with pytest.raises(ConfigError, match="no_such_table"):
        config.parse(changed(SPEC, ConfigChange.INVALID), "x")


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (FleetSpec(), "no service whose port could be changed"),
        (replace(SPEC, gateway=GatewaySpec(env={"KEY": MASK})), "literal values"),
    ],
)
def test_what_cannot_be_made_wrong_is_said(spec: FleetSpec, said: str) -> None:
    with pytest.raises(HactlError, match=said) as error:
        changed(spec, ConfigChange.WRONG_PORT)
    assert error.value.hint


async def test_an_invalid_one_is_done_when_it_has_been_refused() -> None:
    daemon = MemoryController(FLEET)
    daemon.reply = ConfigError("hactl.toml: no_such_table: unknown key")
    done = await injected(daemon, ConfigChange.INVALID)
    (proof,) = done.proofs
    assert done.fault is not None
    assert (proof.done, proof.found) == (True, "refused: hactl.toml: no_such_table: unknown key")


async def test_an_invalid_one_that_is_taken_is_done_as_well() -> None:
    """That this is bad is an objective's to say, and not that the drill shows nothing."""
    daemon = Applier()
    (proof,) = (await injected(daemon, ConfigChange.INVALID)).proofs
    assert (proof.done, proof.found, daemon.reason) == (True, "was not refused", "drill d: invalid")


@pytest.mark.parametrize(
    "error",
    [
        Unreachable("no daemon answers"),
        CommandRejected("read-only", guard=True),
        CommandRejected("another operation goes on"),
        HactlError("the disk is full"),
    ],
)
async def test_whoever_has_not_read_it_has_not_refused_it(error: HactlError) -> None:
    daemon = MemoryController(FLEET)
    daemon.reply = error
    with pytest.raises(HactlError, match=error.message):
        await asked(daemon, ConfigChange.INVALID)


@pytest.mark.parametrize("change", ConfigChange)
def test_only_what_is_applied_has_a_reason(change: ConfigChange) -> None:
    """By which the journal is read: nothing is known of a kind that was not tried."""
    why = reasons(planned(change))
    assert (why.invalid is not None, why.wrong is not None) == (
        change is ConfigChange.INVALID,
        change is ConfigChange.WRONG_PORT,
    )


async def test_a_wrong_one_is_in_effect_when_the_first_node_serves_with_it() -> None:
    daemon = Applier()
    done = await injected(daemon, ConfigChange.WRONG_PORT)
    (proof,) = done.proofs
    assert done.fault is not None
    assert (proof.pid, proof.ticks, proof.found) == (77, 9, "seoul-1 serves with revision 2")
    assert daemon.reason == "drill d: wrong-port"


async def test_a_wrong_one_that_no_node_serves_with_is_no_fault() -> None:
    done = await injected(Applier(serves=False), ConfigChange.WRONG_PORT)
    assert done.fault is None
    assert [(proof.done, proof.found) for proof in done.proofs] == [(False, "'seoul-1' did not come up")]


async def test_a_wrong_one_that_is_refused_is_no_fault() -> None:
    daemon = MemoryController(FLEET)
    daemon.reply = ConfigError("hactl.toml: something")
    with pytest.raises(ConfigError, match="something"):
        await asked(daemon, ConfigChange.WRONG_PORT)
