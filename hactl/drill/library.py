"""Where drills come from: the built-in ones, and files of one's own. Their content is read by `reading`."""

import os
from pathlib import Path

import tomli_w

from hactl.config import files
from hactl.config.kinds import is_path
from hactl.config.unfit import did_you_mean
from hactl.core.errors import ConfigError
from hactl.core.value import replace
from hactl.drill.definition import Definition
from hactl.drill.reading import document, parse

BUILT_IN = Path(__file__).parent / "builtin"


def names(folder: Path = BUILT_IN) -> tuple[str, ...]:
    """The built-in drills, by name; or what else `folder` has."""
    return tuple(sorted(path.stem for path in folder.glob("*.toml")))


def text(name: str, folder: Path = BUILT_IN, what: str = "drill") -> tuple[str, str]:
    """The text of a drill and what errors call it: a built-in one by its name, else the file at that path.

    `folder` has the built-in ones, of whatever `what` is. Raises ConfigError when there is none.
    """
    known = names(folder)
    path = folder / f"{name}.toml" if name in known else Path(name)
    if path.parent != folder and not is_path(name):
        raise ConfigError(f"no {what} '{name}'", did_you_mean(name, known) + "; for your own file: ./FILE.toml")
    return read(path, "hactl drill list"), name if path.parent == folder else str(path)


def read(path: Path, hint: str) -> str:
    """The text of a file. Raises ConfigError when it cannot be read; `hint` says what to try then."""
    try:
        return files.text(path)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: cannot be read: {files.why(error)}", hint) from error


def load(name: str, settings: tuple[str, ...] = ()) -> Definition:
    """The drill called so. Raises ConfigError about what is wrong with it."""
    said, source = text(name)
    definition = parse(said, source, settings, _beside)
    return definition if name in names() else replace(definition, source=str(Path(name).absolute()))


def changed(name: str, settings: tuple[str, ...]) -> str:
    """The text of the drill called so with `settings` in it, and what it extends. Raises ConfigError."""
    said, source = text(name)
    parse(said, source, settings, _beside)
    return tomli_w.dumps(document(said, source, settings, _beside)[0])


def _beside(name: str, source: str) -> tuple[str, str]:
    """The drill that the file `source` extends: a built-in one, or a path from the directory of that file."""
    if name in names() or not is_path(name):
        return text(name)
    return text(os.path.normpath(Path(source).parent.absolute() / name))
