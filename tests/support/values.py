"""Values of the vocabularies, random or complete, made from the types alone: a new event is tested without a word."""

from collections.abc import Mapping
from typing import Any

import msgspec.inspect as shape
from hypothesis import strategies as st

_INT64 = 2**63


def values(kind: Any) -> st.SearchStrategy[Any]:
    """Any value of a type or union that JSON can carry: no NaN, no infinity, integers of 64 bits."""
    return _strategy(shape.type_info(kind))


def specimens(kind: Any, given: Mapping[type, Any]) -> list[Any]:
    """A few values of a type or union that have everything in them at least once: each alternative of each union, and
    an item in every collection. `given` says what to take for a type, wherever it stands.
    """
    return _specimens(shape.type_info(kind), given)


def _specimens(info: shape.Type, given: Mapping[type, Any]) -> list[Any]:
    match info:
        case shape.StructType() if info.cls in given:
            return [given[info.cls]]
        case shape.StructType():
            fields = {field.name: _specimens(field.type, given) for field in info.fields}
            most = max((len(each) for each in fields.values()), default=1)
            return [info.cls(**{name: each[n % len(each)] for name, each in fields.items()}) for n in range(most)]
        case shape.UnionType():
            return [each for part in info.types for each in _specimens(part, given)]
        case shape.VarTupleType():
            return [tuple(_specimens(info.item_type, given))]
        case shape.TupleType():
            return [tuple(_specimens(part, given)[0] for part in info.item_types)]
        case shape.DictType():
            keys = _specimens(info.key_type, given)
            return [{keys[0]: each} for each in _specimens(info.value_type, given)]
        case shape.EnumType():
            return [next(iter(info.cls))]
        case _:
            return [_PLAIN[type(info)]]


def _strategy(info: shape.Type) -> st.SearchStrategy[Any]:
    match info:
        case shape.StructType():
            return st.builds(info.cls, **{field.name: _strategy(field.type) for field in info.fields})
        case shape.UnionType():
            return st.one_of([_strategy(part) for part in info.types])
        case shape.VarTupleType():
            return st.lists(_strategy(info.item_type), max_size=3).map(tuple)
        case shape.TupleType():
            return st.tuples(*[_strategy(part) for part in info.item_types])
        case shape.DictType():
            return st.dictionaries(_strategy(info.key_type), _strategy(info.value_type), max_size=3)
        case shape.EnumType():
            return st.sampled_from(list(info.cls))
        case _:
            return _SCALARS[type(info)]


_SCALARS: dict[type[shape.Type], st.SearchStrategy[Any]] = {
    shape.NoneType: st.none(),
    shape.BoolType: st.booleans(),
    shape.IntType: st.integers(-_INT64, _INT64 - 1),
    shape.FloatType: st.floats(allow_nan=False, allow_infinity=False),
    shape.StrType: st.text(max_size=20),
}

_PLAIN: dict[type[shape.Type], Any] = {
    shape.NoneType: None,
    shape.BoolType: True,
    shape.IntType: 1,
    shape.FloatType: 1.0,
    shape.StrType: "x",
}
