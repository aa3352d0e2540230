"""What is wrong with a configuration is said before anybody decides anything; what is right comes with ports."""

import socket
from pathlib import Path

import pytest
from support.build import a_spec, founded
from support.fake_engine import FakeEngine
from support.ports import free_port

from hactl import config
from hactl.core.codec import encode
from hactl.core.commands import Apply, Scale
from hactl.core.errors import CommandRejected, ConfigError, HactlError
from hactl.core.model import Fleet
from hactl.core.routing import RouteSpec
from hactl.core.value import replace
from hactl.processes.proposing import Proposals


@pytest.fixture
def engine(tmp_path: Path) -> FakeEngine:
    return FakeEngine(str(tmp_path))


@pytest.fixture
def proposals(engine: FakeEngine) -> Proposals:
    return Proposals(edges=engine, gateways=engine)


@pytest.fixture
def fleet() -> Fleet:
    spec = a_spec()
    return founded(replace(spec, edge=replace(spec.edge, port=free_port())))


async def test_a_file_becomes_a_proposal(proposals: Proposals, fleet: Fleet) -> None:
    """With its digest, and what has to restart for it; its text, which may say more than it means, is not kept."""
    spec = replace(fleet.spec, routes=(RouteSpec(prefix="/", respond=204),))
    text = "# why\n" + config.dump(spec)
    proposal = await proposals.propose(Apply(text=text, bake=3.0), fleet)
    assert proposal.spec == spec
    assert (proposal.digest, proposal.bake) == (config.digest(spec), 3.0)
    assert b"# why" not in encode(proposal)
    assert proposal.restarts_nodes
    assert [node.name for node in proposal.nodes] == list(fleet.nodes)
    same = await proposals.propose(Apply(text=config.dump(fleet.spec)), fleet)
    assert not same.restarts_nodes


async def test_relative_paths_begin_where_the_file_is(proposals: Proposals, fleet: Fleet, tmp_path: Path) -> None:
    """Not where the daemon happens to run; the same file read from its place means the same."""
    path = tmp_path / "hactl.toml"
    path.write_text(config.dump(fleet.spec) + '\n[[alert]]\nname = "ops"\nexec = ["./page.sh"]\n')
    proposal = await proposals.propose(Apply(text=path.read_text(), path=str(path)), fleet)
    assert proposal.spec.alerts[0].exec == (str(tmp_path / "page.sh"),)
    assert proposal.digest == config.digest(config.load(path))


async def test_new_nodes_get_ports_that_nobody_has(proposals: Proposals, fleet: Fleet) -> None:
    """Those there are keep theirs."""
    proposal = await proposals.propose(Scale(region="seoul", count=5), fleet)
    ports = {node.name: node.port for node in proposal.nodes if node.region}
    assert len(set(ports.values())) == 5
    assert {name: ports[name] for name in ("seoul-1", "seoul-3")} == {
        name: fleet.nodes[name].port for name in ("seoul-1", "seoul-3")
    }


async def test_a_file_that_cannot_be_used_is_refused_with_its_path(proposals: Proposals, fleet: Fleet) -> None:
    """As every other verb refuses it."""
    with pytest.raises(ConfigError, match=r"^/etc/x.toml: .*nodez"):
        await proposals.propose(Apply(text='[[region]]\nnodez = 3\nname = "a"\n', path="/etc/x.toml"), fleet)
    with pytest.raises(ConfigError, match="nodes"):
        await proposals.propose(Scale(region="seoul", count=0), fleet)
    with pytest.raises(CommandRejected, match="no region 'busan' in fleet 'default'"):
        await proposals.propose(Scale(region="busan", count=2), fleet)


async def test_what_an_engine_refuses_never_gets_further(
    proposals: Proposals, engine: FakeEngine, fleet: Fleet
) -> None:
    """In the engine's own words."""
    engine.unfit = "envoy rejects these documents: no such filter"
    with pytest.raises(HactlError, match="no such filter"):
        await proposals.propose(Apply(text=config.dump(fleet.spec)), fleet)


async def test_an_address_that_somebody_holds_is_refused(proposals: Proposals, fleet: Fleet) -> None:
    """A move of the edges is only begun when they could get there."""
    with socket.create_server(("127.0.0.1", 0)) as held:
        spec = replace(fleet.spec, edge=replace(fleet.spec.edge, port=held.getsockname()[1]))
        with pytest.raises(HactlError, match="is in use"):
            await proposals.propose(Apply(text=config.dump(spec)), fleet)


async def test_the_edges_are_not_in_their_own_way(proposals: Proposals, fleet: Fleet) -> None:
    """They can move to another address at the port they have, unless somebody else is there."""
    edge = fleet.spec.edge
    everywhere = config.dump(replace(fleet.spec, edge=replace(edge, host="0.0.0.0")))
    with socket.create_server((edge.host, edge.port), reuse_port=True):
        proposal = await proposals.propose(Apply(text=everywhere), fleet)
        assert {node.address for node in proposal.nodes if not node.region} == {"0.0.0.0"}
    with socket.create_server(("127.0.0.2", edge.port)), pytest.raises(HactlError, match="is in use"):
        await proposals.propose(Apply(text=everywhere), fleet)
