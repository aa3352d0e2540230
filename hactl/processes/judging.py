"""Has Envoy validate what a configuration becomes, as a start would, without starting it. Leaves nothing behind."""

import asyncio
import shutil
import tempfile
from pathlib import Path

from hactl.core.errors import ConfigError, HactlError
from hactl.core.model import Fleet
from hactl.core.spec import FleetSpec, GatewayKind
from hactl.core.value import replace
from hactl.engines.envoy.edge import EnvoyEdge
from hactl.engines.envoy.gateway import EnvoyGateway
from hactl.paths import FleetPaths


def judge_overlay(spec: FleetSpec, source: str) -> None:
    """Return when Envoy would take the overlay of `spec`, if there is one; `source` is what errors call the file.

    Raises ConfigError.
    """
    if not spec.gateway.envoy_overlay:
        return
    try:
        asyncio.run(judge(spec))
    except HactlError as error:
        raise ConfigError(f"{source}: gateway.envoy_overlay: {error.message}") from error


async def judge(spec: FleetSpec) -> None:
    """Return when Envoy would take the documents of one edge and, if nodes are Envoys, of one node.

    Raises HactlError with Envoy's own reason, when a certificate is of no use, or when there is no Envoy to ask.
    """
    fleet = Fleet(id="judged", name=spec.name, spec=spec, policy=spec.edge.policy)
    with tempfile.TemporaryDirectory(prefix="hactl-") as directory:
        paths = FleetPaths(Path(directory))
        edges = EnvoyEdge(paths)
        try:
            if spec.edge.tls.cert:
                fleet = replace(fleet, certificate=edges.keep(spec.edge.tls))
            await edges.judge(fleet)
            if spec.gateway.kind is GatewayKind.ENVOY:
                await EnvoyGateway(paths).judge(fleet)
        finally:
            if paths.sockets != paths.state:
                shutil.rmtree(paths.sockets, ignore_errors=True)
