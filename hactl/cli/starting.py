"""What `up` starts: which fleet, with which configuration, and when the last good one may take a damaged file's place.

Not the start itself. A damaged hactl.toml must not keep a gateway down: the fleet is then found by the name that was
given beside the file, and its journal knows how it was last configured.
"""

from pathlib import Path

from hactl import config as files
from hactl.cli import output
from hactl.cli.choice import Chosen, choose, ensure_meant, named, of_config
from hactl.core.errors import ConfigError
from hactl.core.spec import FleetSpec
from hactl.paths import state_home


def what_to_start(config: Path | None, *, last_good: bool) -> tuple[Chosen, FleetSpec]:
    """The fleet, and what its file says; with `last_good`, what it was last configured with when the file is no use.

    Raises ConfigError when there is neither, with a hint when `last_good` would have helped.
    """
    wanted = named()
    try:
        chosen = of_config(config) if config is not None else choose()
    except ConfigError as error:
        if not wanted:
            raise
        chosen = _by_name(wanted, config)
        return chosen, _instead(chosen, error, last_good=last_good)
    path = chosen.config
    if path is None:
        missing = ConfigError(f"no hactl.toml here describes fleet '{chosen.name}'", "hactl up --config PATH")
        return chosen, _instead(chosen, missing, last_good=last_good)
    try:
        spec = files.load(path)
    except ConfigError as error:
        if wanted and wanted != chosen.name:  # the name in a damaged file is the least to go by
            chosen = _by_name(wanted, config)
        return chosen, _instead(chosen, error, last_good=last_good)
    ensure_meant(spec.name, path)
    return chosen, spec


def _by_name(name: str, config: Path | None) -> Chosen:
    """The fleet called so, whatever its file says."""
    return Chosen(name=name, state=(state_home() / name).resolve(), config=config.absolute() if config else None)


def _instead(chosen: Chosen, error: ConfigError, *, last_good: bool) -> FleetSpec:
    """What the journal has in place of a file that is no use. Raises `error`, with a better hint, if it may not be."""
    from hactl.processes.succession import rehearse

    if not chosen.paths.has_journal:
        raise error
    if not last_good:
        helps = f"{error.hint}; or start with the last good configuration: hactl up --last-good"
        raise ConfigError(error.message, helps.removeprefix("; or "), also=error.also) from error
    fleet = rehearse(chosen.paths)
    if not fleet.id:
        raise error
    output.complain(ConfigError(error.message, error.hint))
    output.say(f"  starting fleet {fleet.name} with the last good configuration, revision {fleet.revision}")
    return fleet.spec
