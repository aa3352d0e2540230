"""The available themes by name: the built-in ones, and the user's own, which take precedence.

Knows files; what stands in one is read and judged in `theme`.
"""

from pathlib import Path

from hactl.core.errors import ConfigError
from hactl.core.value import replace
from hactl.tui import theme
from hactl.tui.theme import Theme

Stamp = tuple[Path, int, int, int]
"""A file, and what changes when somebody edits or replaces it."""


class Themes:
    """`own` is the directory of the user's own themes; it need not exist. Without one there are no own themes."""

    def __init__(self, own: Path | None = None) -> None:
        self._own = own

    def known(self) -> dict[str, Path]:
        """Every theme there is now, each with its file."""
        own = sorted(self._own.glob("*.toml")) if self._own is not None else []
        return theme.shipped() | {path.stem: path for path in own}

    def read(self, name: str) -> Theme:
        """The theme called `name`. Raises ConfigError when there is none, or it cannot be drawn with."""
        known = self.known()
        if name not in known:
            own = f"; your own go to {self._own}" if self._own is not None else ""
            raise ConfigError(f"no theme '{name}'", f"known: {', '.join(known)}{own}")
        return replace(theme.read(known[name]), name=name)

    def stamp(self, name: str) -> Stamp | None:
        """Another one than before says that the theme has another file, or its file other contents; None for no file.

        Editors replace files: that there is none for a moment means nothing.
        """
        path = self.known().get(name)
        try:
            found = path.stat() if path is not None else None
        except OSError:
            return None
        return None if path is None or found is None else (path, found.st_mtime_ns, found.st_size, found.st_ino)
