"""The vocabularies as JSON: one codec for the wire and the journal. Knows versions, not meanings.

`VERSION` names the shape of everything encoded here. Versions so far have only added to it, so what an older hactl
wrote decodes as it is; what a newer one wrote is rejected. An event kind this hactl does not know is an error, never
skipped: a fleet rebuilt without it would be a guess.
"""

from typing import TypeVar

import msgspec

from hactl.core.errors import HactlError
from hactl.core.events import Record
from hactl.core.model import Fleet
from hactl.core.value import Value

VERSION = 5
"""2 added pauses, frozen nodes, alerts, certificates and configurations that come into force step by step to 1; 3 added
regions that are evacuated, lost and browned out, edges that are given up, and what a node has been seen to sustain; 4
added drills; 5 added hops that these disturb."""

T = TypeVar("T")
_encoder = msgspec.json.Encoder()


def encode(value: Value) -> bytes:
    """Any value as compact JSON, all fields present."""
    return _encoder.encode(value)


def decode(data: bytes | str, kind: type[T]) -> T:
    """The value of type (or tagged union) `kind` in `data`. Raises HactlError that names the offending field."""
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise HactlError(f"not a valid {getattr(kind, '__name__', 'value')}: {error}") from error


def decode_record(data: bytes | str, version: int = VERSION) -> Record:
    """A journal record written by `version` of this codec. Raises HactlError for a newer version."""
    return decode(_migrate(data, version), Record)


def decode_fleet(data: bytes | str, version: int = VERSION) -> Fleet:
    """A checkpoint written by `version` of this codec. Raises HactlError for a newer version."""
    return decode(_migrate(data, version), Fleet)


def _migrate(data: bytes | str, version: int) -> bytes | str:
    if version > VERSION:
        raise HactlError(
            f"the journal was written by a newer hactl (format {version}, this one reads up to {VERSION})",
            "start the newer hactl",
        )
    return data
