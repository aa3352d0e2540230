"""The keys of `[[alert]]` and the kinds of value only they have. Not what must hold between them: `alert_rules`."""

import re

from hactl.config import kinds, quantities
from hactl.config.kinds import Kind
from hactl.config.table import Key, Table
from hactl.config.traffic_keys import name
from hactl.config.traffic_kinds import TOKEN
from hactl.config.unfit import Unfit, quoted, unfit
from hactl.core.alert import AlertFormat, AlertKind, AlertSpec

SUBSCRIBABLE = tuple(kind.value for kind in AlertKind if kind is not AlertKind.TEST)
"""What `on` takes."""
PLANNED_KINDS = ("backup-stale", "drill-failed")
"""Kinds of parts that are not built yet."""
REFERENCE = r"(?:env:[A-Za-z_][A-Za-z0-9_]*|file:[^\x00-\x1f\x7f]+)"
"""Where a secret is."""

_URL = rf"https?://(?:{quantities.HOSTNAME}|\[[0-9A-Fa-f:.]+\])(?::[0-9]{{1,5}})?(?:[/?][^\s#\x00-\x1f\x7f]*)?"


def _event_kind() -> Kind:
    known = kinds.choice(SUBSCRIBABLE)

    def read(raw: object) -> AlertKind:
        if raw in PLANNED_KINDS:
            raise Unfit(f"{quoted(str(raw))} is not built yet in this version of hactl")
        return AlertKind(known.read(raw))

    return Kind(wants=known.wants, read=read, write=str, schema=known.schema)


def _url() -> Kind:
    wants = 'a URL, like "https://example.com/hooks/1", or "env:NAME" or "file:PATH" that holds one'

    def read(raw: object) -> str:
        if isinstance(raw, str) and (raw == "" or re.fullmatch(f"{_URL}|{REFERENCE}", raw)):
            port = re.match(r"https?://[^/?]*:([0-9]+)(?:[/?]|$)", raw)
            if port and not 1 <= int(port[1]) <= 65_535:
                raise unfit(wants, raw, "ports are 1 to 65535")
            return raw
        with_user = isinstance(raw, str) and re.match(r"https?://[^/?#]*@", raw)
        if with_user:  # not repeated: it has a secret in it
            raise Unfit("wants a URL without a user", 'put it into headers = { Authorization = "env:NAME" }')
        raise unfit(wants, raw)

    return Kind(wants=wants, read=read, schema={"type": "string", "pattern": f"^(?:|{_URL}|{REFERENCE})$"})


ALERT = Table(
    name="alert",
    doc="A receiver of alerts: a webhook or a program. One table for each.",
    blank=AlertSpec(),
    into="alerts",
    repeated=True,
    keys=(
        Key(name="name", kind=kinds.text(name.wants, f"|{name.schema['pattern'][1:-1]}"), doc="its name in commands"),
        Key(
            name="on",
            kind=kinds.many(_event_kind(), 'kinds of event, like ["region-lost"]'),
            doc=f"only these; [] for all: {', '.join(SUBSCRIBABLE)}",
            example=(AlertKind.FLEET_DOWN, AlertKind.REGION_LOST, AlertKind.CRASH_LOOP),
        ),
        Key(
            name="webhook",
            kind=_url(),
            doc='a URL the alert is posted to as JSON; either this or exec; "env:NAME" or "file:PATH" if it is secret',
            example="https://example.com/hooks/1",
        ),
        Key(
            name="exec",
            kind=kinds.many(kinds.text("text"), "arguments"),
            doc="a program that gets the alert as JSON on standard input; a relative path is relative to this file",
        ),
        Key(name="format", kind=kinds.choice(AlertFormat), doc='what a webhook is sent; "slack" is { "text": ... }'),
        Key(
            name="throttle",
            kind=quantities.duration("0s", "1d"),
            doc=(
                "at most one alert of a kind about the same node, edge or region within this; after it the state is"
                " sent again if the last alert about it is no longer true"
            ),
        ),
        Key(name="timeout", kind=quantities.duration("100ms", "1m"), doc="how long one attempt may take"),
        Key(name="retries", kind=kinds.whole(0, 10), doc="more attempts after one that failed"),
        Key(
            name="headers",
            kind=kinds.named_texts(
                'a table of headers, like { Authorization = "env:NAME" }',
                "header",
                TOKEN,
                value=r"[^\x00-\x1f\x7f]*",
            ),
            doc='sent with a webhook; "env:NAME" and "file:PATH" are looked up for each delivery and never stored',
        ),
    ),
)
