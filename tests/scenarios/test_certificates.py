"""The edges' certificate through its life: renewed under load, damaged, lost; daemons and edges die meanwhile."""

import asyncio
import os
import signal
import ssl
from pathlib import Path

import pytest
from support.certificates import Files, issue, renew
from support.fleet import RunningFleet, is_calm
from support.load import SERVER, fetch, open_loop

from hactl.core.commands import Apply
from hactl.core.errors import HactlError
from hactl.core.events import CertificateRefused, CertificateTaken, NodeChanged, TrafficApplied
from hactl.core.model import Fleet
from hactl.core.node import NodeState
from hactl.core.traffic import confirmed
from hactl.engines.envoy import client_tls
from hactl.engines.envoy.seat import Seat

pytestmark = pytest.mark.envoy
EDGES = ("edge-1", "edge-2")


def encrypted(files: Files) -> RunningFleet:
    """Two edges that speak TLS with these files."""
    return RunningFleet(edge=f'tls = {{ cert = "{files.cert}", key = "{files.key}" }}')


def either(*ders: bytes) -> ssl.SSLContext:
    """A client that trusts any of some certificates."""
    return ssl.create_default_context(cadata=b"".join(ders))


async def all_show(fleet: RunningFleet, der: bytes) -> bool:
    """Whether each edge, asked by its own door, shows this certificate."""
    shown = [await client_tls.show(Seat.of(fleet.paths, edge), 10.0) for edge in EDGES]
    return shown == [der, der]


def proved(fleet: Fleet) -> bool:
    """Every edge has proved the newest plan, which has the certificate the fleet has taken."""
    return (
        fleet.certificate is not None
        and fleet.plan.certificate == fleet.certificate.digest
        and confirmed(fleet, fleet.plan.version)
    )


@pytest.mark.parametrize("in_place", [False, True], ids=["moved", "rewritten"])
async def test_a_certificate_is_renewed_under_load(in_place: bool, tmp_path: Path) -> None:
    """Whether the files are moved there or rewritten in place: noticed, shown by every edge, and nobody fails."""
    files = issue(tmp_path, SERVER)
    async with encrypted(files) as fleet:
        old, new = files.der, issue(tmp_path / "next", SERVER)
        trust = either(old, new.der)
        async with (
            open_loop(fleet.port, rate=40, keep_alive=False, tls=trust) as fresh,
            open_loop(fleet.port, rate=100, tls=trust) as kept,
        ):
            await fresh.answered(20)
            mark = fleet.seq
            for source, target in ((new.cert, files.cert), (new.key, files.key)):
                if in_place:
                    target.write_bytes(source.read_bytes())
                else:
                    os.replace(source, target)  # noqa: PTH105
            await fleet.happens(CertificateTaken, after=mark)
            await fleet.until(proved)
            assert await all_show(fleet, files.der)
            assert files.der != old
            await asyncio.gather(fresh.answered(20), kept.answered(50))
        assert (fresh.failed, kept.failed) == (0, 0), (fresh, kept)
        assert fleet.since(mark, CertificateRefused) == []
        assert {event.edge for event in fleet.since(mark, TrafficApplied)} == set(EDGES)


async def test_a_daemon_that_dies_in_the_middle_is_made_up_for(tmp_path: Path) -> None:
    """It had taken the new certificate and told nobody, or only one edge: the next one tells all of them."""
    files = issue(tmp_path, SERVER)
    async with encrypted(files) as fleet:
        for victims in ((), ("edge-1",)):
            mark = fleet.seq
            renew(files, SERVER)
            await fleet.happens(CertificateTaken, after=mark)
            await fleet.kill_daemon()
            for name in victims:
                fleet.kill(name)
            files.key.write_bytes(b"and the files are damaged, too")
            assert await fleet.launch() == ()
            await fleet.until(lambda now: proved(now) and is_calm(now))
            assert await all_show(fleet, files.der)


async def test_damaged_files_change_nothing(tmp_path: Path) -> None:
    """What does not fit is refused and told once; edges and daemons that start again have the last good one."""
    files = issue(tmp_path, SERVER)
    async with encrypted(files) as fleet:
        good, key = files.der, files.key.read_bytes()
        mark = fleet.seq
        files.key.write_bytes(issue(tmp_path / "other").key.read_bytes())
        refused = (await fleet.happens(CertificateRefused, after=mark)).event
        assert refused.why.startswith(f"{files.key}: the key does not fit the certificate {files.cert}")
        fleet.kill("edge-1")
        await fleet.happens(NodeChanged, lambda event: event.node.name == "edge-1" and event.node.serviceable)
        await fleet.until(proved)
        await fleet.kill_daemon()
        assert await fleet.launch() == ()
        fleet.kill("edge-2")
        await fleet.happens(NodeChanged, lambda event: event.node.name == "edge-2" and event.node.serviceable)
        await fleet.calm()
        assert await all_show(fleet, good)
        assert (await fetch(fleet.port, tls=either(good)))[0] == 200
        assert len(fleet.since(mark, CertificateRefused)) == 1
        assert fleet.now.certificate_refused == refused.why
        files.key.write_bytes(key)
        await fleet.happens(CertificateTaken)
        assert fleet.now.certificate_refused == ""
        assert await all_show(fleet, good)


async def test_a_lost_machine_comes_back_with_what_it_had(tmp_path: Path) -> None:
    """Everything was killed, and the files are gone: the fleet serves with its own copies, and says so."""
    files = issue(tmp_path, SERVER)
    async with encrypted(files) as fleet:
        good, pids = files.der, fleet.pids()
        await fleet.kill_daemon()
        for pid in pids.values():
            os.kill(pid, signal.SIGKILL)
        files.cert.unlink()
        (note,) = await fleet.launch()
        assert note == (
            f"the fleet keeps the certificate it has: {files.cert}: no such file (name certificate and key in "
            "[edge] tls)"
        )
        await fleet.calm()
        assert await all_show(fleet, good)
        assert fleet.now.certificate_refused.startswith(f"{files.cert}: no such file")
        renew(files, SERVER)
        await fleet.happens(CertificateTaken)
        await fleet.until(proved)
        assert await all_show(fleet, files.der)


async def test_a_fleet_that_was_down_starts_with_good_files_or_not_at_all(tmp_path: Path) -> None:
    """Whoever starts it is there to read why: one line with path, cause and hint; then it takes what there is."""
    files = issue(tmp_path, SERVER)
    async with encrypted(files) as fleet:
        await fleet.down()
        mark = fleet.seq
        files.key.write_bytes(b"not a key")
        with pytest.raises(HactlError) as refused:
            await fleet.launch()
        assert str(refused.value).startswith(f"{files.key}: holds no private key in PEM (")
        renew(files, SERVER)
        await fleet.launch()
        await fleet.happens(CertificateTaken, after=mark)
        await fleet.calm()
        assert await all_show(fleet, files.der)
        assert fleet.now.nodes["edge-1"].state is NodeState.SERVING


async def test_a_fleet_is_not_founded_without_a_certificate(tmp_path: Path) -> None:
    """Nothing is started and nothing is journaled."""
    files = issue(tmp_path, days=-0.5)
    fleet = encrypted(files)
    with pytest.raises(HactlError, match=r"cert.pem: the certificate has expired \(renew it\)"):
        async with fleet:
            pass
    assert fleet.strays() == []


def named(files: Files) -> str:
    return f'tls = {{ cert = "{files.cert}", key = "{files.key}" }}'


def nodes_of(fleet: RunningFleet) -> dict[str, int]:
    return {name: pid for name, pid in fleet.pids().items() if not name.startswith("edge-")}


async def test_tls_comes_changes_and_goes_with_the_configuration(tmp_path: Path) -> None:
    """While the fleet serves: other files mean another certificate, and what is of no use is refused beforehand."""
    first, second = issue(tmp_path / "a", SERVER), issue(tmp_path / "b", SERVER)

    async def apply(text: str) -> None:
        await fleet.command(Apply(text=text))
        await fleet.calm()

    async with RunningFleet() as fleet:
        nodes = nodes_of(fleet)
        await apply(fleet.toml(edge=named(first)))
        assert await all_show(fleet, first.der)
        pids = fleet.pids()
        await apply(fleet.toml(edge=named(second)))
        assert await all_show(fleet, second.der)
        assert (await fetch(fleet.port, tls=either(second.der)))[0] == 200
        renew(second, SERVER)
        await fleet.happens(CertificateTaken)
        await fleet.until(proved)
        assert await all_show(fleet, second.der)
        first.key.write_bytes(b"damaged")
        mark = fleet.seq
        with pytest.raises(HactlError, match=f"^{first.key}: holds no private key in PEM"):
            await fleet.client.submit(Apply(text=fleet.toml(edge=named(first))), by="test")
        assert await fleet.touched(mark) == []
        assert await all_show(fleet, second.der)
        assert fleet.pids() == pids, "nobody was restarted for another certificate"
        await apply(fleet.toml())
        assert (await fetch(fleet.port))[0] == 200
        assert fleet.now.certificate is None
        assert nodes_of(fleet) == nodes, "only edges are restarted when TLS comes or goes"
        assert [*fleet.paths.state.glob("nodes/edge-*/keys/*")] == []
