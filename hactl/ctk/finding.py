"""Which fleet an experiment is about, found as every command finds it, where no command line was typed; and which
drill, where that stands in its configuration.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from hactl.cli.choice import Chosen, choose
from hactl.core import codec
from hactl.core.errors import HactlError
from hactl.drill import library
from hactl.drill.chaostoolkit import DRILL
from hactl.drill.definition import Definition


def found(fleet: str = "", config: str = "") -> Chosen:
    """The fleet called `fleet`, that of the hactl.toml at `config`, or the one that a command here would mean. Raises
    HactlError when there is no telling."""
    with click.Context(click.Command("chaos"), obj=fleet or None):
        return choose(Path(config) if config else None)


def wanted(name: str, settings: Sequence[str], configuration: Mapping[str, Any] | None) -> Definition:
    """The drill called `name`, or the one that an experiment carries in its configuration. Raises HactlError."""
    if name:
        return library.load(name, tuple(settings))
    carried = (configuration or {}).get(DRILL)
    if not isinstance(carried, str):
        raise HactlError(
            f"no drill: neither an argument 'drill' nor {DRILL} in the configuration", "hactl drill export"
        )
    return codec.decode(carried.encode(), Definition)
