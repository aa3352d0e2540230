"""Hypothesis strategies for the vocabularies, made from the types themselves: a new event is tested without a word."""

from typing import Any

import msgspec.inspect as shape
from hypothesis import strategies as st

_INT64 = 2**63


def values(kind: Any) -> st.SearchStrategy[Any]:
    """Any value of a type or union that JSON can carry: no NaN, no infinity, integers of 64 bits."""
    return _strategy(shape.type_info(kind))


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
