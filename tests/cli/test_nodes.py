"""The verbs that change something: what they do to a real fleet, and that a dry run does nothing."""

import asyncio

import msgspec
import pytest
from support.command import Home
from support.load import open_loop

from hactl.control.client import Client
from hactl.core import codec
from hactl.core.events import OperationEnded
from hactl.core.load import measured
from hactl.core.node import Goal, NodeState
from hactl.core.operation import Outcome
from hactl.core.talk import Measured, Receipt

CHANGES = [
    ("kill", "a-1"),
    ("freeze", "a-1"),
    ("stop", "a-1"),
    ("restart", "a-1"),
    ("drain", "a-1"),
    ("weight", "a-1", "50"),
    ("policy", "round-robin"),
    ("pause", "--for", "5m"),
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change[0])
class TestDryRun:
    def test_it_changes_nothing(self, fleet: Home, change: tuple[str, ...]) -> None:
        """Not a record in the journal, not a pid."""
        before = fleet.untouched()
        done = fleet.run(*change, "--dry-run", "--reason", "just looking")
        assert done.returncode == 0
        assert done.stdout.startswith("would ")
        assert done.stderr == ""
        assert fleet.untouched() == before

    def test_its_receipt_is_the_one_of_the_change_without_an_operation(
        self, fleet: Home, change: tuple[str, ...]
    ) -> None:
        """The contract: the receipt decodes, and says where every node's share would be."""
        receipt = codec.decode(fleet.ok(*change, "--dry-run", "--json"), Receipt)
        assert receipt.operation == ""
        assert receipt.sentence
        assert [share.node for share in receipt.shares] == ["a-1", "a-2", "b-1", "b-2"]
        assert sum(share.part for share in receipt.shares) == pytest.approx(1)


@pytest.mark.parametrize("verb", ["kill", "freeze", "stop", "drain"])
def test_a_dry_run_says_what_the_rest_would_carry(fleet: Home, verb: str) -> None:
    """The node that goes has no share any more; its neighbour in the region takes it over."""
    receipt = codec.decode(fleet.ok(verb, "a-1", "--dry-run", "--json"), Receipt)
    parts = {share.node: share.part for share in receipt.shares}
    assert parts == {"a-1": 0, "a-2": 0.5, "b-1": 0.25, "b-2": 0.25}


def test_a_dry_run_is_refused_by_the_same_guards(fleet: Home) -> None:
    assert fleet.run("kill", "--all", "--dry-run").returncode == 5
    assert fleet.run("kill", "a-9", "--dry-run").returncode == 1


def test_kill_waits_until_the_capacity_is_back(fleet: Home) -> None:
    """With --wait the exit code is the operation's outcome, and a new process serves."""
    before = fleet.pids()
    done = fleet.run("kill", "a-1", "--wait")
    assert (done.returncode, done.stdout) == (0, "")
    assert "capacity back after" in done.stderr
    assert "done after" in done.stderr.splitlines()[-1]
    after = fleet.pids()
    assert {name for name in after if after[name] != before[name]} == {"a-1"}


def test_a_node_that_is_killed_and_held_stays_down_until_it_is_started(fleet: Home) -> None:
    """Killed as in a crash, and no crash loop: it waits for an operator."""
    done = fleet.run("kill", "a-1", "--hold", "--wait")
    assert done.returncode == 0, done.stderr
    node = fleet.snapshot().fleet.nodes["a-1"]
    assert (node.state, node.goal) == (NodeState.STOPPED, Goal.DOWN)
    assert node.reason is not None
    assert node.reason.text.startswith("killed by ")
    fleet.ok("start", "a-1", "--wait")
    assert fleet.snapshot().fleet.nodes["a-1"].serviceable


def test_a_frozen_node_is_replaced_by_another_process(fleet: Home) -> None:
    """With --wait the command returns when the capacity is back, as after a kill."""
    before = fleet.pids()
    done = fleet.run("freeze", "a-1", "--wait")
    assert (done.returncode, done.stdout) == (0, "")
    assert "capacity lost: frozen by" in done.stderr
    assert "capacity back after" in done.stderr
    after = fleet.pids()
    assert {name for name in after if after[name] != before[name]} == {"a-1"}


def test_wait_and_json_give_the_receipt_and_the_end(fleet: Home) -> None:
    """The contract of `kill --wait --json`: one document, nothing on stderr."""
    done = fleet.run("kill", "a-2", "--wait", "--json")
    assert done.stderr == ""
    told = msgspec.json.decode(done.stdout)
    receipt = codec.decode(msgspec.json.encode(told["receipt"]), Receipt)
    ended = codec.decode(msgspec.json.encode(told["ended"]), OperationEnded)
    assert receipt.operation == ended.id
    assert ended.outcome is Outcome.DONE


def test_without_wait_it_returns_with_the_operation_under_way(fleet: Home) -> None:
    done = fleet.run("restart", "b-1")
    operation = done.stderr.partition(":")[0]
    assert done.returncode == 0
    assert operation.startswith("op-")
    fleet.ok("wait", "--operation", operation)


def test_an_impatient_wait_ends_with_4_and_the_operation_goes_on(fleet: Home) -> None:
    done = fleet.run("restart", "--all", "--wait", "--timeout", "1ms")
    assert done.returncode == 4
    operation = done.stderr.splitlines()[-1].split()[-1]
    fleet.ok("wait", "--operation", operation)


def test_a_wrong_timeout_is_refused_before_anything_happens(fleet: Home) -> None:
    before = fleet.untouched()
    assert fleet.run("kill", "a-1", "--wait", "--timeout", "soon").returncode == 2
    assert fleet.untouched() == before


class TestSelectors:
    def killed(self, fleet: Home, *args: str) -> set[str]:
        """Whom a dry run would kill."""
        receipt = codec.decode(fleet.ok("kill", *args, "--dry-run", "--json", "--confirm", "t"), Receipt)
        return {share.node for share in receipt.shares if f"{share.node}" in receipt.sentence}

    def test_names_regions_and_all(self, fleet: Home) -> None:
        assert self.killed(fleet, "a-1", "b-2") == {"a-1", "b-2"}
        assert self.killed(fleet, "--region", "b") == {"b-1", "b-2"}
        assert self.killed(fleet, "a-1", "--region", "b") == {"a-1", "b-1", "b-2"}
        everybody = fleet.json("kill", "--all", "--dry-run", "--confirm", "t")
        assert {share["part"] for share in everybody["shares"]} == {0}

    def test_chance_is_repeatable_with_a_seed(self, fleet: Home) -> None:
        """One node, the same for the same seed, and not the same for every seed."""
        chosen = {seed: self.killed(fleet, "--random", "--seed", str(seed)) for seed in range(5)}
        assert all(len(nodes) == 1 for nodes in chosen.values())
        assert self.killed(fleet, "--random", "--seed", "3") == chosen[3]
        assert len(set(map(frozenset, chosen.values()))) > 1

    def test_chance_stays_within_what_was_named(self, fleet: Home) -> None:
        assert self.killed(fleet, "--region", "b", "--random") < {"b-1", "b-2"}

    def test_a_region_that_does_not_exist_is_answered_with_those_that_do(self, fleet: Home) -> None:
        done = fleet.run("kill", "--region", "c")
        assert (done.returncode, done.stderr) == (1, "hactl: no region 'c' in fleet 't'\n  try: known: a, b\n")

    def test_nobody_is_not_everybody(self, fleet: Home) -> None:
        """A script whose variable was empty kills nothing."""
        before = fleet.untouched()
        assert fleet.run("kill").returncode == 1
        assert fleet.untouched() == before


class TestGuard:
    def test_the_last_nodes_are_guarded(self, fleet: Home) -> None:
        before = fleet.untouched()
        for command in (("kill", "--all"), ("stop", "--all"), ("drain", "--all"), ("weight", "--all", "0")):
            assert fleet.run(*command).returncode == 5
        assert fleet.run("kill", "--all", "--confirm", "other").returncode == 5
        assert fleet.untouched() == before

    def test_the_name_of_the_fleet_lifts_the_guard(self, fleet: Home) -> None:
        """Somebody who means it may kill everything; the daemon brings it back."""
        before = fleet.pids()
        fleet.ok("kill", "--all", "--confirm", "t", "--wait")
        after = fleet.pids()
        assert all(after[name] != pid for name, pid in before.items() if not name.startswith("edge"))


class TestWeightAndPolicy:
    def test_a_weight_is_in_force_when_the_command_returns(self, fleet: Home) -> None:
        fleet.ok("weight", "a-1", "25", "--wait")
        assert fleet.json("status")["shares"]["a-1"] == pytest.approx(0.1)
        fleet.ok("weight", "--region", "b", "300", "--wait")
        assert fleet.json("status")["shares"]["b-1"] == pytest.approx(0.375)
        fleet.ok("weight", "--all", "100", "--wait")
        fleet.ok("weight", "--region", "b", "100", "--wait")

    def test_a_weight_out_of_range_is_refused(self, fleet: Home) -> None:
        done = fleet.run("weight", "a-1", "1001")
        assert done.returncode == 1
        assert "0..1000" in done.stderr

    def test_a_policy_is_in_force_when_the_command_returns(self, fleet: Home) -> None:
        fleet.ok("policy", "round-robin", "--wait")
        assert "policy round-robin" in fleet.ok("status")
        fleet.ok("policy", "least-request", "--wait")

    def test_a_policy_that_does_not_exist_is_answered_with_those_that_do(self, fleet: Home) -> None:
        done = fleet.run("policy", "fastest")
        assert done.returncode == 2
        assert "least-request" in done.stderr


def test_what_is_refused_is_not_in_the_journal(fleet: Home) -> None:
    """Nothing happened, so nothing is recorded."""
    before = fleet.untouched()
    assert fleet.run("start", "a-1").returncode == 1
    assert fleet.run("resume", "a-1").returncode == 1
    assert fleet.run("drain", "edge-1").returncode == 1
    assert fleet.untouched() == before


def busy(home: Home, least: float) -> None:
    """Return when so many requests per second have been measured."""
    for update in Client(home.paths.control).watch():
        if isinstance(update, Measured):
            load = measured(home.snapshot().fleet, update.samples, update.at)
            if load is not None and load.total >= least:
                return


class TestWhatTheRestWouldCarry:
    async def test_more_than_is_proved_is_said_on_stderr(self, home: Home) -> None:
        """One line beside the operation's id; a dry run shows it as data, and what is no more than now is not said."""
        home.configure(regions={"a": 2, "b": 2})
        await asyncio.to_thread(home.ok, "up")
        await asyncio.to_thread(home.ok, "wait")
        async with open_loop(home.port, rate=100) as load:
            await asyncio.to_thread(busy, home, 50)
            looked = await asyncio.to_thread(home.run, "drain", "a-1", "--dry-run")
            drained = await asyncio.to_thread(home.run, "drain", "a-1", "--wait")
            resumed = await asyncio.to_thread(home.run, "resume", "a-1", "--wait")
        assert load.failed == 0, load
        said = looked.stdout.splitlines()[-1]
        assert said.startswith("unproved: the other 3 nodes would carry up to ")
        assert looked.stderr == ""
        assert drained.returncode == 0
        assert drained.stderr.startswith("  unproved: the other 3 nodes would carry up to ")
        assert "unproved" not in resumed.stderr

    async def test_too_little_capacity_is_refused_by_a_guard(self, home: Home) -> None:
        """Exit code 5, with what would be asked of whom; the fleet's name lifts it, and it is said all the same."""
        home.configure("[gateway]\ncapacity = 20\n")
        await asyncio.to_thread(home.ok, "up")
        await asyncio.to_thread(home.ok, "wait")
        async with open_loop(home.port, rate=100) as load:
            await asyncio.to_thread(busy, home, 50)
            refused = await asyncio.to_thread(home.run, "kill", "a-1")
            looked = await asyncio.to_thread(home.run, "kill", "a-1", "--dry-run", "--confirm", "t")
            status = await asyncio.to_thread(home.run, "status")
            killed = await asyncio.to_thread(home.run, "kill", "a-1", "--confirm", "t", "--wait")
        assert load.failed == 0, load
        assert refused.returncode == 5
        assert refused.stderr.startswith("hactl: too little capacity would be left: a-2 alone would carry ")
        assert refused.stderr.endswith("/s; declared capacity: 20/s per node\n  try: if you mean it: --confirm t\n")
        assert looked.stdout.splitlines()[-1].startswith("short: a-2 alone would carry ")
        assert "headroom: N-1 SHORT by " in status.stdout
        assert killed.returncode == 0
        assert killed.stderr.startswith("  short: a-2 alone would carry ")
