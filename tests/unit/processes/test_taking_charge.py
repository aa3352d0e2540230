"""Taking charge: what the journal says is held against what really runs, before anything is decided."""

import asyncio
import os
import socket
from collections.abc import Iterator

import pytest
from support.build import CERTIFICATE
from support.house import PATIENCE, Disk, House, end, lives, no_certificate, pids, until, until_serving
from support.ports import free_port
from support.processes import Nursery

from hactl.core.commands import Command, Down, Drain, SetWeight, Stop
from hactl.core.config_events import ConfigTaken, FleetFounded, RulesTaken
from hactl.core.errors import CommandRejected, HactlError
from hactl.core.events import (
    AdoptionRefused,
    CertificateRefused,
    CertificateTaken,
    DaemonStarted,
    NodeAdopted,
    NodeChanged,
    Record,
)
from hactl.core.model import Fleet
from hactl.core.node import Goal, Node, NodeState
from hactl.core.spec import EdgeTlsSpec, FleetSpec, RegionSpec
from hactl.core.value import replace
from hactl.processes.daemon import clock_of_this_boot
from hactl.processes.taking_charge import Charge, look_around, take_charge
from hactl.supervisor.recorder import numbered


@pytest.fixture
def house(tmp_path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.tear_down()


def charge(house: House, spec: FleetSpec | None = None, *, fleet_id: str = "") -> Charge:
    """How a daemon would begin now; nothing is written or done."""
    house.spec = spec or house.spec
    house.fleet_id = fleet_id or house.fleet_id
    disk = Disk(house.paths.journal)
    try:
        return house.charge(disk)
    finally:
        disk.close()


async def life(house: House, *commands: Command) -> Fleet:
    """One daemon's life, with commands that are carried out; the fleet as it was in the end."""
    async with house.opened() as supervisor:
        await until_serving(supervisor)
        for command in commands:
            receipt = await supervisor.submit(command, by="alice")
            await until(supervisor, lambda fleet, done=receipt.operation: done not in fleet.operations)
        return supervisor.look()


async def whole_life(house: House, *commands: Command) -> Fleet:
    """The same, and then everything is taken down."""
    async with house.opened() as supervisor:
        await until_serving(supervisor)
        for command in (*commands, Down()):
            await supervisor.submit(command, by="alice")
        async with asyncio.timeout(PATIENCE):
            async for _ in supervisor.watch():
                pass
    return supervisor.look()


def of(charged: Charge, kind: type) -> list:
    return [event for event in charged.decision.events if isinstance(event, kind)]


# -- the first start


def test_a_first_start_founds_the_fleet(house: House) -> None:
    """Its id, its configuration, its processes with their ports; everything is about to be started."""
    charged = charge(house)
    founded, started = charged.decision.events[:2]
    assert isinstance(founded, FleetFounded)
    assert (founded.id, founded.revision, founded.spec) == (house.fleet_id, 1, house.spec)
    assert isinstance(started, DaemonStarted)
    assert started.gap is None
    assert charged.before == Fleet()
    fleet = charged.decision.fleet
    assert {node.state for node in fleet.nodes.values()} == {NodeState.STARTING}
    low, high = house.spec.ports
    ports = [node.port for node in fleet.gateways]
    assert len(set(ports)) == 2
    assert all(low <= port <= high for port in ports)


def test_without_a_configuration_there_is_nothing_to_found(house: House) -> None:
    """Taking over needs no hactl.toml, founding does."""
    disk = Disk(house.paths.journal)
    with pytest.raises(HactlError, match="no fleet here yet"):
        take_charge(None, disk, clock_of_this_boot()(), version="0", pid=1, fleet_id="f1", keep=no_certificate)
    disk.close()


def test_an_edge_port_that_somebody_holds_is_refused_with_his_name(house: House) -> None:
    """At the start, in a sentence, and not as a line in some log."""
    with (
        socket.create_server((house.spec.edge.host, house.spec.edge.port)),
        pytest.raises(HactlError, match=rf"port {house.spec.edge.port} .* in use by .* \(pid {os.getpid()}\)"),
    ):
        charge(house)


def test_two_fleets_begin_at_different_ports(house: House) -> None:
    """Both could be founded at the same moment: they should not reach for the same ports."""
    first = {node.port for node in charge(house, fleet_id="fleet-a").decision.fleet.gateways}
    second = {node.port for node in charge(house, fleet_id="fleet-b").decision.fleet.gateways}
    again = {node.port for node in charge(house, fleet_id="fleet-a").decision.fleet.gateways}
    assert not first & second
    assert first == again


def test_ports_that_are_taken_are_passed_over(house: House) -> None:
    """Whoever listens there keeps his port."""
    wanted = {node.port for node in charge(house).decision.fleet.gateways}
    with socket.create_server(("127.0.0.1", min(wanted))):
        given = {node.port for node in charge(house).decision.fleet.gateways}
    assert min(wanted) not in given
    assert len(given) == len(wanted)


def test_a_range_without_enough_ports_is_refused(house: House) -> None:
    """The key to change is named."""
    port = free_port()
    with pytest.raises(HactlError, match=rf"no free port left in fleet.ports = {port}-{port}") as error:
        charge(house, replace(house.spec, ports=(port, port)))
    assert "fleet.ports" in error.value.hint


def test_an_address_of_another_machine_is_refused_as_such(house: House) -> None:
    """And not as thousands of ports that happen to be in use."""
    regions = (RegionSpec(name="seoul", nodes=2, bind="192.0.2.1"),)
    with pytest.raises(HactlError, match=r"cannot listen on 192\.0\.2\.1"):
        charge(house, replace(house.spec, regions=regions))


# -- taking over


async def test_running_workers_are_adopted(house: House) -> None:
    """Nothing is started, nothing ended; how long nobody looked is on record."""
    left = await life(house)
    house.pass_time(60.0)
    charged = charge(house)
    assert charged.before == replace(left, seq=charged.before.seq)
    assert {event.node for event in of(charged, NodeAdopted)} == set(left.nodes)
    assert pids(charged.decision.fleet) == pids(left)
    (started,) = of(charged, DaemonStarted)
    assert started.gap is not None
    assert started.gap >= 60.0
    assert charged.notes == ()


async def test_a_changed_configuration_waits_while_workers_run(house: House) -> None:
    """A running fleet goes on with the one it has, and its operator is told."""
    left = await life(house)
    charged = charge(house, replace(house.spec, edge=replace(house.spec.edge, port=free_port())))
    assert len(charged.notes) == 1
    assert "hactl.toml has changed" in charged.notes[0]
    assert of(charged, ConfigTaken) == []
    assert charged.decision.fleet.spec == left.spec
    assert pids(charged.decision.fleet) == pids(left)


async def test_without_a_configuration_the_fleet_goes_on_with_its_own(house: House) -> None:
    """`hactl down` takes charge of workers without a daemon like this."""
    left = await life(house)
    disk = Disk(house.paths.journal)
    charged = take_charge(
        None, disk, clock_of_this_boot()(), version="0", pid=1, fleet_id="unused", keep=no_certificate
    )
    disk.close()
    assert charged.decision.fleet.spec == left.spec
    assert pids(charged.decision.fleet) == pids(left)


async def test_a_port_held_by_our_own_edges_is_no_obstacle(house: House) -> None:
    """They live, so they hold it; the check is for strangers."""
    await life(house)
    with socket.create_server((house.spec.edge.host, house.spec.edge.port)):
        assert len(of(charge(house), NodeAdopted)) == 4


async def test_what_died_meanwhile_is_started_again(house: House) -> None:
    """Seen in the journal, not on the machine: refused by name, and the next launch prepared."""
    left = await life(house)
    launch = left.nodes["seoul-1"].launch
    assert launch is not None
    end(launch)
    charged = charge(house)
    (refused,) = of(charged, AdoptionRefused)
    assert (refused.node, refused.pid) == ("seoul-1", launch.pid)
    assert "is gone" in refused.why
    assert charged.decision.fleet.nodes["seoul-1"].launches == 2


def forged(house: House, name: str, **changes: object) -> Node:
    """Write into the journal that the process of `name` is another one than it is."""
    disk = Disk(house.paths.journal)
    checkpoint, records = disk.load()
    assert checkpoint is not None
    assert records == []
    node = checkpoint.nodes[name]
    assert node.launch is not None
    node = replace(node, launch=replace(node.launch, **changes))
    event = NodeChanged(was=node.state, node=node)
    disk.append(numbered(checkpoint, (event,), clock_of_this_boot()()), durable=True)
    disk.close()
    return node


async def test_a_process_that_is_not_what_the_journal_says_is_refused(house: House) -> None:
    """Another start time under the same pid is another process: never signalled, never adopted."""
    await life(house)
    forged(house, "seoul-1", ticks=1)
    charged = charge(house)
    (refused,) = of(charged, AdoptionRefused)
    assert refused.node == "seoul-1"
    assert "later process" in refused.why
    assert "seoul-1" not in {event.node for event in of(charged, NodeAdopted)}


async def test_a_strangers_process_is_refused(house: House, tmp_path) -> None:
    """A recorded pid that is somebody else's now, whatever it is, stays untouched."""
    await life(house)
    with Nursery(tmp_path / "other", fleet="somebody-else") as nursery:
        stranger = nursery.start().launch
        forged(house, "seoul-1", pid=stranger.pid, ticks=stranger.ticks)
        charged = charge(house)
        (refused,) = of(charged, AdoptionRefused)
        assert "somebody-else" in refused.why
        assert lives(stranger)


async def test_after_a_reboot_nothing_is_adopted(house: House) -> None:
    """Recorded pids of another boot mean nobody; everything is started again, and nobody is blamed."""
    await whole_life(house)
    left = await life(house)
    house.tear_down()
    disk = Disk(house.paths.journal)
    now = replace(clock_of_this_boot()(), boot="another boot", mono=3.0)
    charged = take_charge(house.spec, disk, now, version="0", pid=1, fleet_id="unused", keep=no_certificate)
    disk.close()
    assert {event.node for event in of(charged, AdoptionRefused)} == set(left.nodes)
    assert all("rebooted" in event.why for event in of(charged, AdoptionRefused))
    for node in charged.decision.fleet.nodes.values():
        assert (node.state, node.exits, node.launches) == (NodeState.STARTING, (), left.nodes[node.name].launches + 1)


async def test_processes_that_were_never_recorded_are_found(house: House) -> None:
    """A daemon that died between a spawn and its record has left one behind: the environment names it."""
    left = await life(house)
    launch = left.nodes["seoul-1"].launch
    forgetful = replace(left, nodes=left.nodes | {"seoul-1": replace(left.nodes["seoul-1"], launch=None)})
    found = look_around(forgetful, clock_of_this_boot()())
    assert launch is not None
    assert (launch.pid, launch.ticks) in {(each.pid, each.ticks) for each in found.alive}
    assert found.refused == {}


# -- another configuration, with nothing running


async def test_a_changed_configuration_is_taken_when_nothing_runs(house: House) -> None:
    """Names that stay keep port, goal, weight and drain; new ones get ports that nobody has; others are gone."""
    left = await whole_life(house, SetWeight(nodes=("seoul-1",), weight=7), Drain(nodes=("seoul-1",)))
    regions = (RegionSpec(name="osaka", nodes=2), RegionSpec(name="seoul", nodes=3))
    charged = charge(house, replace(house.spec, regions=regions))
    (taken,) = of(charged, ConfigTaken)
    assert (taken.revision, taken.spec) == (2, house.spec)
    nodes = charged.decision.fleet.nodes
    assert list(nodes) == ["edge-1", "edge-2", "osaka-1", "osaka-2", "seoul-1", "seoul-2", "seoul-3"]
    kept = nodes["seoul-1"]
    assert (kept.port, kept.weight, kept.drained) == (left.nodes["seoul-1"].port, 7, True)
    assert kept.launches == left.nodes["seoul-1"].launches + 1
    ports = [node.port for node in charged.decision.fleet.gateways]
    assert len(set(ports)) == len(ports)
    assert charged.notes == ()


async def test_a_node_that_was_stopped_stays_stopped_under_another_configuration(house: House) -> None:
    """A goal is an order, and outlives any file."""
    async with house.opened() as supervisor:
        await until_serving(supervisor)
        await supervisor.submit(Stop(nodes=("seoul-2",)), by="alice")
        await until(supervisor, lambda fleet: fleet.nodes["seoul-2"].state is NodeState.STOPPED)
        await supervisor.submit(Down(), by="alice")
        async for _ in supervisor.watch():
            pass
    charged = charge(house, replace(house.spec, regions=(RegionSpec(name="seoul", nodes=3),)))
    stopped = charged.decision.fleet.nodes["seoul-2"]
    assert (stopped.goal, stopped.state) == (Goal.DOWN, NodeState.STOPPED)


async def test_the_new_edge_port_is_the_one_that_must_be_free(house: House) -> None:
    """What the old configuration had is nobody's business any more."""
    await whole_life(house)
    other = replace(house.spec, edge=replace(house.spec.edge, port=free_port()))
    with socket.create_server((house.spec.edge.host, house.spec.edge.port)):
        assert len(of(charge(house, other), ConfigTaken)) == 1
    with (
        socket.create_server((other.edge.host, other.edge.port)),
        pytest.raises(HactlError, match=f"port {other.edge.port}"),
    ):
        charge(house, other)


# -- how long nobody looked


async def test_after_a_down_there_was_nothing_to_look_after(house: House) -> None:
    """No gap: nobody was missed."""
    await whole_life(house)
    (started,) = of(charge(house), DaemonStarted)
    assert started.gap is None


async def test_an_outage_is_a_gap_however_orderly_the_daemon_left(house: House) -> None:
    """A daemon that was only told to leave was missed, all the more when the workers died as well."""
    await life(house)
    house.tear_down()
    (started,) = of(charge(house), DaemonStarted)
    assert started.gap is not None


async def test_a_wall_clock_that_was_put_back_makes_no_negative_gap(house: House) -> None:
    """Wall time is for people, and jumps."""
    await life(house)
    disk = Disk(house.paths.journal)
    now = replace(clock_of_this_boot()(), wall=1.0)
    charged = take_charge(house.spec, disk, now, version="0", pid=1, fleet_id="unused", keep=no_certificate)
    disk.close()
    (started,) = of(charged, DaemonStarted)
    assert started.gap == 0.0


async def test_the_gap_of_a_killed_daemon_begins_with_its_last_measurement(house: House) -> None:
    """Its last record may be hours old on a quiet fleet; without measurements that is the most it can be, and said."""
    async with house.opened(killed=True) as supervisor:
        await until_serving(supervisor)
    disk = Disk(house.paths.journal)
    (last,) = disk.query(limit=1)
    now = replace(clock_of_this_boot()(), wall=last.wall + 60.0)

    def gap(measured: float | None) -> tuple[float, bool]:
        charged = take_charge(
            *(house.spec, disk, now),
            version="0", pid=1, fleet_id="unused", keep=no_certificate,
            measured=measured,
        )  # fmt: skip
        (started,) = of(charged, DaemonStarted)
        assert started.gap is not None
        return started.gap, started.at_most

    assert gap(last.wall + 57.5) == (pytest.approx(2.5), False)
    assert gap(last.wall - 0.5) == (pytest.approx(60.0), False), "it was alive when it wrote the record"
    assert gap(last.wall - 3600.0) == (pytest.approx(60.0), True), "nothing was measured in its last hour"
    assert gap(None) == (pytest.approx(60.0), True)
    disk.close()


async def test_the_gap_behind_a_daemon_that_left_is_exact(house: House) -> None:
    await life(house)
    (started,) = of(charge(house), DaemonStarted)
    assert started.gap is not None
    assert not started.at_most


def test_records_alone_are_enough(house: House) -> None:
    """A daemon that died before its first checkpoint: the journal is replayed from the beginning."""
    disk = Disk(house.paths.journal)
    begun = house.charge(disk)
    records: list[Record] = numbered(begun.before, begun.decision.events, clock_of_this_boot()())
    disk.append(records, durable=True)
    again = house.charge(disk)
    disk.close()
    assert again.before == begun.decision.fleet
    assert of(again, FleetFounded) == []


async def test_a_file_that_cannot_be_used_leaves_what_was_in_force(house: House) -> None:
    """And a note says so; without a fleet there is nothing to fall back on, and the trouble itself is the error."""
    clock = clock_of_this_boot()

    def begun() -> Charge:
        disk = Disk(house.paths.journal)
        try:
            return take_charge(
                None, disk, clock(), version="0", pid=1, fleet_id=house.fleet_id, keep=house.keep, trouble="x: no TOML"
            )
        finally:
            disk.close()

    with pytest.raises(HactlError, match="x: no TOML"):
        begun()
    before = await whole_life(house)
    charged = begun()
    assert charged.notes == ("x: no TOML: the last good configuration (revision 1) is in force instead",)
    assert [event.trouble for event in of(charged, DaemonStarted)] == ["x: no TOML"]
    assert charged.decision.fleet.spec == before.spec
    assert of(charged, ConfigTaken) == []


async def test_what_concerns_the_daemon_alone_is_taken_while_the_fleet_runs(house: House) -> None:
    """Rules, backoff, logs, journal, group: in force with the next daemon, and no process is touched for it."""
    left = await life(house)
    safety = replace(left.spec.safety, read_only=True, min_serving_nodes=2)
    restart = replace(left.spec.restart, budget=7)
    charged = charge(house, replace(left.spec, safety=safety, restart=restart, group="staff"))
    (taken,) = of(charged, RulesTaken)
    assert (taken.spec.safety, taken.spec.restart, taken.spec.group) == (safety, restart, "staff")
    assert taken.revision == left.revision + 1
    assert charged.decision.fleet.spec == taken.spec
    assert pids(charged.decision.fleet) == pids(left)
    assert charged.notes == (), "nothing of it waits for another start"


async def test_the_rest_of_a_changed_configuration_waits(house: House) -> None:
    """The rules are taken, the nodes are not, and that is said; unchanged rules make no new revision."""
    left = await life(house)
    more = replace(left.spec, regions=(replace(left.spec.regions[0], nodes=5),))
    charged = charge(house, more)
    assert of(charged, RulesTaken) == []
    assert charged.notes
    charged = charge(house, replace(more, safety=replace(more.safety, read_only=True)))
    (taken,) = of(charged, RulesTaken)
    assert taken.spec.regions == left.spec.regions
    assert charged.notes


async def test_a_way_back_from_read_only(house: House) -> None:
    """No command can lift it, not even `down`; a file that says otherwise and another daemon do."""
    house.spec = replace(house.spec, safety=replace(house.spec.safety, read_only=True))
    async with house.opened() as supervisor:
        before = await until_serving(supervisor)
        with pytest.raises(CommandRejected, match="read-only") as refused:
            await supervisor.submit(Down(), by="alice", confirm=before.name)
        assert refused.value.guard
        assert "hactl daemon restart" in refused.value.hint
        assert supervisor.snapshot().pulse.read_only
    house.spec = replace(house.spec, safety=replace(house.spec.safety, read_only=False))
    async with house.opened() as supervisor:
        after = await until_serving(supervisor)
        assert pids(after) == pids(before)
        assert not supervisor.snapshot().pulse.read_only
        await supervisor.submit(Stop(nodes=("seoul-1",)), by="alice")


# -- the certificate


async def test_a_fleet_begins_with_the_certificate_of_its_files(house: House) -> None:
    """Before anything is started; Envoy has not judged it yet."""
    house.keep = lambda tls: CERTIFICATE
    charged = charge(house, encrypted(house.spec))
    kinds = [type(event) for event in charged.decision.events]
    assert kinds[:3] == [FleetFounded, DaemonStarted, CertificateTaken]
    assert charged.certified.fresh
    assert charged.decision.fleet.certificate == CERTIFICATE


async def test_a_daemon_that_takes_over_goes_on_with_the_certificate_in_use(house: House) -> None:
    """Its files are not even looked at: the fleet serves."""
    house.spec, house.keep = encrypted(house.spec), lambda tls: CERTIFICATE
    await life(house)
    house.keep = no_certificate
    charged = charge(house)
    assert of(charged, CertificateTaken) == []
    assert (charged.notes, charged.decision.fleet.certificate) == ((), CERTIFICATE)


async def test_a_lost_fleet_comes_back_with_the_certificate_it_had(house: House) -> None:
    """Its processes are gone, its files are of no use: a note says so."""
    house.spec, house.keep = encrypted(house.spec), lambda tls: CERTIFICATE
    fleet = await life(house)
    for node in fleet.nodes.values():
        assert node.launch is not None
        end(node.launch)
    house.keep = no_certificate
    charged = charge(house)
    assert charged.decision.fleet.certificate == CERTIFICATE
    (refused,) = of(charged, CertificateRefused)
    assert charged.notes == (f"the fleet keeps the certificate it has: {refused.why}",)


async def test_a_fleet_that_was_taken_down_does_not_start_with_files_of_no_use(house: House) -> None:
    """Somebody is there to mend them."""
    house.spec, house.keep = encrypted(house.spec), lambda tls: CERTIFICATE
    await whole_life(house)
    house.keep = no_certificate
    with pytest.raises(HactlError, match=r"^/c\.pem: no such file"):
        charge(house)


def encrypted(spec: FleetSpec) -> FleetSpec:
    return replace(spec, edge=replace(spec.edge, tls=EdgeTlsSpec(cert="/c.pem", key="/k.pem")))
