"""The base of every value that travels: frozen, keyword-only, comparable. Not a place for behaviour."""

from typing import Any, TypeVar, dataclass_transform

import msgspec


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(msgspec.field,))
class _Frozen(msgspec.StructMeta):
    """Makes every subclass frozen and keyword-only: msgspec applies `kw_only` to one class at a time only."""

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **config: Any) -> "_Frozen":
        config.setdefault("frozen", True)
        config.setdefault("kw_only", True)
        return super().__new__(mcs, name, bases, namespace, **config)


class Value(msgspec.Struct, metaclass=_Frozen, gc=False):
    """A value: made once, never changed, equal to any other of the same content.

    The garbage collector need not look at it: what is made once and never changed can be part of no circle.
    """


class BaseCommand(Value, tag_field="do", forbid_unknown_fields=True):
    """What every command has in common as JSON; each names its own tag."""


class BaseObservation(Value, tag=True, tag_field="saw"):
    """What every observation has in common as JSON: its kind is the name of its class."""


class BaseEvent(Value, tag=True, tag_field="event"):
    """What every event has in common as JSON: its kind is the name of its class, and stays that for ever."""


V = TypeVar("V", bound=Value)


def replace(value: V, **changes: Any) -> V:
    """A copy of `value` with some fields changed; a misspelt field is a TypeError, never a silent no-op."""
    unknown = changes.keys() - set(value.__struct_fields__)
    if unknown:
        raise TypeError(f"{type(value).__name__} has no field {sorted(unknown)[0]!r}")
    return msgspec.structs.replace(value, **changes)
