"""From a `hactl.toml` to a proposal: read, laid out, validated by the engines. Not whether and when it takes effect.

Everything that could be wrong with a configuration is reported here, before anything is decided.
"""

from pathlib import Path

from hactl import config
from hactl.core import scope
from hactl.core.commands import Apply, Scale
from hactl.core.founding import lay_out
from hactl.core.model import Fleet, Proposal
from hactl.core.spec import FleetSpec
from hactl.core.value import replace
from hactl.processes.taking_charge import candidates
from hactl.supervisor.listening import ensure_free
from hactl.supervisor.ports import EdgeEngine, ProcessKind


class Proposals:
    """Reads and judges for one daemon (see `Proposer`)."""

    def __init__(self, *, edges: EdgeEngine, gateways: ProcessKind) -> None:
        self._edges = edges
        self._gateways = gateways

    async def propose(self, command: Apply | Scale, fleet: Fleet) -> Proposal:
        """See `Proposer.propose`."""
        spec = self._read(command, fleet)
        listen = (spec.edge.host, spec.edge.port)
        if listen != (fleet.spec.edge.host, fleet.spec.edge.port):
            # At the same port the edges themselves are in the way: they share it with those that move to the address.
            ensure_free((listen,), shared=spec.edge.port == fleet.spec.edge.port)
        used = {node.port for node in fleet.nodes.values()}
        nodes = lay_out(spec, (port for port in candidates(spec, fleet.id) if port not in used), fleet)
        coming = replace(fleet, spec=spec, nodes={node.name: node for node in nodes})
        certificate = None
        if spec.edge.tls != fleet.spec.edge.tls:
            certificate = await self._edges.certify(coming) if spec.edge.tls.cert else None
            coming = replace(coming, certificate=certificate)
        await self._edges.judge(coming)
        if spec.gateway.kind is fleet.spec.gateway.kind:
            await self._gateways.judge(coming)
        return Proposal(
            spec=spec,
            nodes=nodes,
            base=fleet.revision,
            digest=config.digest(spec),
            restarts_nodes=self._gateways.identity(coming) != self._gateways.identity(fleet),
            restarts_edges=self._edges.identity(coming) != self._edges.identity(fleet),
            bake=command.bake if isinstance(command, Apply) else 0.0,
            certificate=certificate,
        )

    def _read(self, command: Apply | Scale, fleet: Fleet) -> FleetSpec:
        if isinstance(command, Apply):
            spec = config.parse(command.text, command.path or config.FILE_NAME)
            if not command.path:  # what was in force once: paths in it are absolute already
                return config.beside(spec, fleet.spec.gateway.directory)
            directory = Path(command.path).parent
            return config.beside(config.anchored(spec, directory), str(directory.resolve()))
        scope.check(fleet, command)
        regions = tuple(
            replace(region, nodes=command.count) if region.name == command.region else region
            for region in fleet.spec.regions
        )
        return config.parse(config.dump(replace(fleet.spec, regions=regions)), config.FILE_NAME)
