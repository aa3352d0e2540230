"""What receivers of alerts are sent. Version 1 is a contract: fields are added, and never change their meaning.

    {"version": 1, "id": "5f0c2a91-1043", "fleet": "shop", "kind": "node-down", "severity": "warning",
     "subject": "eu-2", "sentence": "eu-2 is down: killed by signal 9", "hint": "hactl logs eu-2", "suppressed": 0,
     "seq": 1042, "time": "2026-03-01T12:00:00.123Z", "host": "gw-1", "test": false}

An alert is delivered at least once: after a crash it may come again, with the same id. For receivers that understand
what Slack does (`format = "slack"`) it is one text instead.
"""

import datetime
from typing import Any

import msgspec

from hactl.core.alert import Alert, AlertFormat, AlertKind, Severity
from hactl.core.value import Value

VERSION = 1


class Payload(Value):
    """An alert as receivers get it."""

    version: int
    """Of this format."""
    id: str
    fleet: str
    kind: AlertKind
    severity: Severity
    subject: str
    sentence: str
    hint: str
    suppressed: int
    seq: int
    time: str
    host: str
    test: bool


MEANINGS = {
    "version": "of this format; fields are added without a new one",
    "id": "unique; the same when an alert is delivered again after a crash of the daemon",
    "fleet": "name of the fleet",
    "kind": "what has happened, as in alert.on; 'test' for a test",
    "severity": "'critical': requests fail, or a person is needed",
    "subject": "the node, edge, region or verb it is about; the fleet's name when it is about all of it",
    "sentence": "what has happened, in plain words",
    "hint": "a command to try next; may be empty",
    "suppressed": "how many of this kind about this subject were held back since the last one",
    "seq": "position in the journal: hactl events --after SEQ shows what followed",
    "time": "when it was raised, RFC 3339 in UTC",
    "host": "name of the machine the daemon runs on",
    "test": "true when it was sent by hactl alert test",
}
"""What each field says."""


def payload(alert: Alert, host: str) -> Payload:
    """`alert` as JSON receivers get it."""
    when = datetime.datetime.fromtimestamp(alert.at, datetime.UTC).isoformat(timespec="milliseconds")
    return Payload(
        version=VERSION,
        id=alert.id,
        fleet=alert.fleet,
        kind=alert.kind,
        severity=alert.severity,
        subject=alert.subject,
        sentence=alert.sentence,
        hint=alert.hint,
        suppressed=alert.suppressed,
        seq=alert.seq,
        time=when.replace("+00:00", "Z"),
        host=host,
        test=alert.kind is AlertKind.TEST,
    )


def body(alert: Alert, host: str, form: AlertFormat) -> bytes:
    """What goes over the wire."""
    if form is AlertFormat.SLACK:
        return msgspec.json.encode({"text": slack_text(payload(alert, host))})
    return msgspec.json.encode(payload(alert, host))


def slack_text(told: Payload) -> str:
    """An alert as one text; nothing in it can become a link or a mention."""
    more = f" ({told.suppressed} more like it were held back)" if told.suppressed else ""
    lines = [f"[{told.fleet}] {told.severity} {told.kind}: {told.sentence}{more}"]
    if told.hint:
        lines.append(f"try: {told.hint}")
    lines.append(f"{told.host}, {told.time}, seq {told.seq}")
    return "\n".join(lines).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def schema() -> dict[str, Any]:
    """The JSON schema (draft 2020-12) of the payload."""
    described = msgspec.json.schema(Payload)
    definitions = described["$defs"]
    top = definitions.pop("Payload")
    for name, meaning in MEANINGS.items():
        top["properties"][name]["description"] = meaning
    top["properties"]["version"]["const"] = VERSION
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **top, "$defs": definitions}
