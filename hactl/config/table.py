"""What a key and a table of `hactl.toml` are. Not which ones there are: those are listed below `keys`."""

from typing import Any

from hactl.config.kinds import Kind
from hactl.core.value import Value


class Key(Value):
    """One key."""

    name: str
    kind: Kind
    doc: str
    """What it means, in one line."""
    fields: tuple[str, ...] = ()
    """The fields of the table's value that it sets; () for the one of the same name."""
    command_default: Any = None
    """Its default when the nodes are programs (`gateway.kind = "command"`); None: the same."""
    example: Any = None
    """Shown where no default can be; a key with an example must be given, or is the usual one of several."""
    required: bool = False
    from_file: bool = False
    """Whether the text may be the path of a file instead, which is then read in its place."""

    @property
    def targets(self) -> tuple[str, ...]:
        """The fields it sets, never empty."""
        return self.fields or (self.name,)

    def held(self, value: Value) -> Any:
        """What `value` has for it, in the form its kind writes."""
        found = tuple(getattr(value, field) for field in self.targets)
        return found[0] if len(found) == 1 else found

    def fill(self, value: Any) -> dict[str, Any]:
        """The fields that it sets to `value`."""
        return {self.targets[0]: value} if len(self.targets) == 1 else dict(zip(self.targets, value, strict=True))


class Table(Value):
    """One table, or one kind of repeated table, and the value it becomes."""

    name: str
    doc: str
    blank: Value
    """A value with nothing but defaults."""
    keys: tuple[Key, ...]
    into: str = ""
    """The field of FleetSpec that holds it; "" when its keys are fields of FleetSpec themselves."""
    repeated: bool = False
    planned: tuple[str, ...] = ()
    """Keys of parts that are not built yet."""

    @property
    def header(self) -> str:
        """How the table begins in the file."""
        return f"[[{self.name}]]" if self.repeated else f"[{self.name}]"
