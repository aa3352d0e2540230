"""The format is a contract: what receivers were built for today, they get tomorrow."""

import msgspec
from hypothesis import given
from support.alerts import an_alert
from support.values import values

from hactl.core.alert import Alert, AlertFormat, AlertKind
from hactl.core.value import replace
from hactl.supervisor.alerts import payload as module
from hactl.supervisor.alerts.payload import MEANINGS, Payload, body, payload, schema, slack_text


def test_version_one_to_the_last_letter() -> None:
    assert body(an_alert(), "gw-1", AlertFormat.JSON).decode() == (
        '{"version":1,"id":"f1-1043","fleet":"shop","kind":"node-down","severity":"warning","subject":"eu-2",'
        '"sentence":"eu-2 is down: killed by signal 9","hint":"hactl logs eu-2","suppressed":0,"seq":1042,'
        '"time":"2026-03-01T12:00:00.123Z","host":"gw-1","test":false}'
    )


def test_the_sample_in_the_documentation_is_what_is_sent() -> None:
    text = module.__doc__ or ""
    sample = msgspec.json.decode(text[text.index("{") : text.index("}") + 1])
    sent = msgspec.json.decode(body(an_alert(id="5f0c2a91-1043"), "gw-1", AlertFormat.JSON))
    assert sample == sent


def test_a_test_is_marked_as_one() -> None:
    told = payload(an_alert(kind=AlertKind.TEST), "gw-1")
    assert (told.kind, told.test) == ("test", True)


def test_slack_gets_one_text_in_which_nothing_can_become_a_link_or_a_mention() -> None:
    said = msgspec.json.decode(body(an_alert(suppressed=2, sentence="<!channel> & co"), "gw-1", AlertFormat.SLACK))
    assert said == {
        "text": "[shop] warning node-down: &lt;!channel&gt; &amp; co (2 more like it were held back)\n"
        "try: hactl logs eu-2\ngw-1, 2026-03-01T12:00:00.123Z, seq 1042"
    }
    assert "try" not in slack_text(payload(an_alert(hint=""), "gw-1"))


def test_the_schema_describes_every_field() -> None:
    described = schema()
    assert set(described["properties"]) == set(MEANINGS) == set(Payload.__struct_fields__)
    assert all(part["description"] for part in described["properties"].values())
    assert described["properties"]["version"]["const"] == 1
    assert set(described["required"]) == set(Payload.__struct_fields__)


@given(values(Alert))
def test_whatever_an_alert_holds_can_be_sent(alert: Alert) -> None:
    """Moments apart that no calendar has."""
    for form in AlertFormat:
        assert msgspec.json.decode(body(replace(alert, at=0.0), "gw-1", form))
