"""The wire between a daemon and its clients: paths, parameters, bodies, limits. Not who speaks, and not how.

HTTP on a Unix socket, JSON in the vocabulary of `hactl.core`, everything below /v1. A client says which protocol it
speaks in the header `x-hactl-protocol`; without the header (curl) the daemon assumes its own. Everything that is not
a 200 carries one body, `ErrorBody`. `/v1/watch` answers with one `Update` per line.

This module is loaded by every `hactl status`: it imports nothing that the values do not need.
"""

from enum import StrEnum
from typing import Annotated
from urllib.parse import urlencode

import msgspec

from hactl.core.codec import decode
from hactl.core.commands import Command
from hactl.core.errors import CommandRejected, ConfigError, HactlError
from hactl.core.events import Record
from hactl.core.talk import Query
from hactl.core.value import Value

HELLO = "/v1/hello"
FLEET = "/v1/fleet"
COMMANDS = "/v1/commands"
WATCH = "/v1/watch"
HISTORY = "/v1/history"
LOG = "/v1/log"

PROTOCOL_HEADER = "x-hactl-protocol"

BODY_LIMIT = 256 << 10
"""Bytes a request body may have."""
PAGE_LIMIT = 10_000
"""Records or lines that one answer may carry."""
QUIET_LIMIT = 15.0
"""Seconds after which a client takes a silent stream for dead: a live one carries measurements far more often."""

Position = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
"""A journal position, or a number of records; SQLite and the file system count with 63 bits."""


class WatchParams(Value, forbid_unknown_fields=True):
    """The query of `GET /v1/watch`."""

    after: Position = 0


class HistoryParams(Value, forbid_unknown_fields=True):
    """The query of `GET /v1/history`: `hactl.core.talk.Query`, with `kinds` as one comma-separated text."""

    after: Position = 0
    before: Position = 0
    since: Annotated[float, msgspec.Meta(ge=0, le=1e12)] = 0.0
    kinds: str = ""
    limit: Annotated[int, msgspec.Meta(ge=1, le=PAGE_LIMIT)] = 100

    @classmethod
    def of(cls, query: Query) -> "HistoryParams":
        """`query` as it is asked."""
        return cls(
            after=query.after,
            before=query.before,
            since=query.since,
            kinds=",".join(query.kinds),
            limit=query.limit,
        )

    def query(self) -> Query:
        """What was asked."""
        kinds = tuple(kind for kind in self.kinds.split(",") if kind)
        return Query(after=self.after, before=self.before, since=self.since, kinds=kinds, limit=self.limit)


class LogParams(Value, forbid_unknown_fields=True):
    """The query of `GET /v1/log`."""

    node: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    after: Annotated[int, msgspec.Meta(ge=-1, le=2**63 - 1)] = -1
    lines: Annotated[int, msgspec.Meta(ge=1, le=PAGE_LIMIT)] = 100


class CommandBody(Value, forbid_unknown_fields=True):
    """The body of `POST /v1/commands`."""

    command: Command
    reason: Annotated[str, msgspec.Meta(max_length=1000)] = ""
    confirm: str = ""
    label: str = ""
    """What the client calls itself (a terminal, a drill). Added to who the kernel says it is, never instead of it."""
    dry_run: bool = False


class RecordPage(Value):
    """The answer of `GET /v1/history`, oldest first."""

    records: tuple[Record, ...]


class Code(StrEnum):
    """Why a request got no answer, in one word that scripts can match."""

    MALFORMED = "malformed"
    FORBIDDEN = "forbidden"
    READ_ONLY = "read-only"
    NOT_FOUND = "not-found"
    METHOD = "method-not-allowed"
    REJECTED = "rejected"
    CONFIG = "config"
    TOO_LARGE = "too-large"
    PROTOCOL = "protocol"
    UNAVAILABLE = "unavailable"
    INTERNAL = "internal"


STATUS = {
    Code.MALFORMED: 400,
    Code.FORBIDDEN: 403,
    Code.READ_ONLY: 403,
    Code.NOT_FOUND: 404,
    Code.METHOD: 405,
    Code.REJECTED: 409,
    Code.CONFIG: 422,
    Code.TOO_LARGE: 413,
    Code.PROTOCOL: 426,
    Code.UNAVAILABLE: 503,
    Code.INTERNAL: 500,
}
"""The HTTP status of each code. `internal` is always a defect of the daemon, never of a request."""


class Fault(Value):
    """One refusal, as `HactlError` means it."""

    code: Code
    message: str
    hint: str = ""
    guard: bool = False
    """A safety rule said no, not the shape of the request."""

    def error(self) -> HactlError:
        """The exception this fault is on the client's side."""
        if self.code in (Code.REJECTED, Code.READ_ONLY):
            return CommandRejected(self.message, self.hint, guard=self.guard)
        if self.code is Code.CONFIG:
            return ConfigError(self.message, self.hint)
        return HactlError(self.message, self.hint)


class ErrorBody(Value):
    """The body of every answer that is not a 200."""

    error: Fault


def read_error(status: int, body: bytes) -> HactlError:
    """The error in an answer of HTTP `status`; whatever else listens there gets a plain HactlError."""
    try:
        return decode(body, ErrorBody).error.error()
    except HactlError:
        return HactlError(f"the daemon answered {status} in a form this hactl does not know", "hactl --version")


def target(path: str, params: Value) -> str:
    """`path` with `params` as its query string."""
    return path + "?" + urlencode({name: getattr(params, name) for name in params.__struct_fields__})
