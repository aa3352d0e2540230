"""What an `[[alert]]` may say, key by key."""

import pytest

from hactl.config import parse
from hactl.config.alert_keys import PLANNED_KINDS, SUBSCRIBABLE
from hactl.core.alert import AlertFormat, AlertKind
from hactl.core.errors import ConfigError

HOOK = '[[alert]]\nwebhook = "https://example.com/hook"\n'


def refusal(text: str) -> str:
    with pytest.raises(ConfigError) as error:
        parse(text)
    return str(error.value)


def test_a_receiver_needs_no_more_than_a_place() -> None:
    """Everything else has a default that can be lived with."""
    (alert,) = parse(HOOK).alerts
    assert (alert.name, alert.on, alert.throttle, alert.timeout, alert.retries) == ("alert-1", (), 300.0, 5.0, 3)
    assert alert.format is AlertFormat.JSON


def test_every_kind_of_alert_but_the_test_can_be_asked_for() -> None:
    (alert,) = parse(f"{HOOK}on = {list(SUBSCRIBABLE)}").alerts
    assert set(alert.on) == set(AlertKind) - {AlertKind.TEST}
    assert "test" not in SUBSCRIBABLE


@pytest.mark.parametrize("kind", PLANNED_KINDS)
def test_a_kind_of_a_part_to_come_is_refused_by_name(kind: str) -> None:
    said = refusal(f'{HOOK}on = ["{kind}"]')
    assert said == f'hactl.toml: alert[1].on: "{kind}" is not built yet in this version of hactl'


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "http://127.0.0.1:8080/hook?a=b&c",
        "http://[::1]:9000/",
        "env:HOOK_URL",
        "file:/run/secrets/hook",
        "file:hook",
    ],
)
def test_a_webhook_is_a_url_or_says_where_one_is(url: str) -> None:
    assert parse(f'[[alert]]\nwebhook = "{url}"').alerts[0].webhook == url


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('webhook = "ftp://example.com"', 'found "ftp://example.com"'),
        ('webhook = "example.com/hook"', 'found "example.com/hook"'),
        ('webhook = "https://"', 'found "https://"'),
        ('webhook = "https://a b/"', 'found "https://a b/"'),
        ('webhook = "http://a:70000/"', "ports are 1 to 65535"),
        ('webhook = "http://a:0"', "ports are 1 to 65535"),
        ('webhook = "env:1X"', 'found "env:1X"'),
        ('webhook = "https://a/#x"', 'found "https://a/#x"'),
        ("webhook = 8080", "found 8080"),
        ('on = ["regon-lost"]', 'did you mean "region-lost"?'),
        ('on = "region-lost"', 'write it in brackets: ["region-lost"]'),
        ('on = ["test"]', 'found "test"'),
        ('throttle = "2d"', "wants a duration from 0s to 1d"),
        ('timeout = "10ms"', "wants a duration from 100ms to 1m"),
        ("retries = 11", "wants a whole number from 0 to 10"),
        ('format = "Slack"', 'did you mean "slack"?'),
        ('headers = { "a b" = "c" }', "cannot name a header"),
        ('headers = { a = "c\\nd" }', "header a wants text"),
        ('name = "Ops"', "a name of 1 to 32 characters"),
        ('exec = "page"', 'write it in brackets: ["page"]'),
        ('url = "https://a"', "alert[1].url: unknown key"),
    ],
)
def test_what_it_may_not_say_is_refused_with_what_is_wanted(line: str, said: str) -> None:
    assert said in refusal(f"[[alert]]\n{line}")


def test_a_password_in_a_url_is_refused_and_not_repeated() -> None:
    """The refusal may well be logged."""
    said = refusal('[[alert]]\nwebhook = "https://ops:hunter2@example.com/"')
    assert "without a user" in said
    assert "hunter2" not in said
