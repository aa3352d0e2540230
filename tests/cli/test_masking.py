"""No secret passes, wherever it stands; and what is left is still of use."""

import os
from pathlib import Path

import pytest
from support.build import a_spec

from hactl.cli.masking import MASK, Masker
from hactl.config import dump, parse
from hactl.core.errors import ConfigError
from hactl.core.routing import HeadersSpec, RouteSpec
from hactl.core.spec import AlertSpec, FleetSpec, GatewayKind, GatewaySpec
from hactl.core.value import replace

SECRET = "hunter2!"


def spec(**gateway: object) -> FleetSpec:
    """A configuration of a gateway that is a program."""
    given = {"kind": GatewayKind.COMMAND, "command": ("gw",)} | gateway
    return replace(a_spec(), gateway=GatewaySpec(**given))


def test_values_of_the_environment_are_masked_and_their_names_are_not() -> None:
    """Also short ones, and ones that look harmless: by their place, not by their look."""
    masked = Masker().spec(spec(env={"DB": SECRET, "DEBUG": "1"}))
    assert masked.gateway.env == {"DB": MASK, "DEBUG": MASK}


def test_headers_that_are_set_are_masked() -> None:
    headers = HeadersSpec(set={"authorization": f"Bearer {SECRET}"}, add={"x-key": SECRET}, remove=("cookie",))
    route = RouteSpec(prefix="/", respond=200, request_headers=headers, response_headers=headers)
    masked = Masker().spec(replace(a_spec(), routes=(route,)))
    assert masked.routes[0].request_headers.set == {"authorization": MASK}
    assert masked.routes[0].response_headers.add == {"x-key": MASK}
    assert masked.routes[0].request_headers.remove == ("cookie",)


def test_what_alerts_are_sent_with_is_masked() -> None:
    """The address of a webhook is all that somebody needs to write to it."""
    alert = AlertSpec(name="hook", webhook=f"https://hooks.example.com/{SECRET}", headers={"x-any": SECRET})
    masked = Masker().spec(replace(a_spec(), alerts=(alert,))).alerts[0]
    assert (masked.webhook, masked.headers) == (MASK, {"x-any": MASK})
    assert Masker.of(replace(a_spec(), alerts=(alert,))).text(f"sent {SECRET}") == f"sent {MASK}"


def test_arguments_that_are_secret_by_their_flag_are_masked() -> None:
    command = ("gw", "--port", "{port}", "--api-key", SECRET, f"--token={SECRET}", "--name", "{name}")
    masked = Masker().spec(spec(command=command)).gateway.command
    assert masked == ("gw", "--port", "{port}", "--api-key", MASK, f"--token={MASK}", "--name", "{name}")


def test_what_is_masked_is_a_configuration_that_says_so() -> None:
    """Whoever starts from it is told what to fill in, and nothing else is wrong with it."""
    masked = Masker().spec(spec(env={"DB": SECRET}, command=("gw", "--password", SECRET)))
    with pytest.raises(ConfigError, match="variable DB is masked") as refused:
        parse(dump(masked), "masked")
    assert refused.value.also == ()


def test_known_values_are_found_in_any_text() -> None:
    """A process prints its own settings; as they are, in JSON, in a URL, and with its name filled in."""
    masker = Masker.of(
        spec(env={"A": 'quo"te/secret', "B": "https://{name}:pa55w0rd@db"}, command=("gw", "--token", SECRET))
    )
    for text in (
        'value quo"te/secret here',
        'value quo\\"te/secret here',
        "value quo%22te%2Fsecret here",
        "value :pa55w0rd@db here",
        f"value {SECRET} here",
    ):
        assert masker.text(text) == f"value {MASK} here"


def test_what_begins_like_a_known_value_is_masked_whole() -> None:
    masker = Masker.of(spec(env={"A": SECRET}))
    for text in (f"password={SECRET}more", f'"password": "{SECRET}more"', f"cookie: {SECRET}more"):
        assert "more" not in masker.text(text)


def test_short_values_are_left_in_texts() -> None:
    """Without that "1" and "true" would be taken out of every log."""
    assert Masker.of(spec(env={"A": "true", "B": "1"})).text("true 1 retries") == "true 1 retries"


def test_references_are_followed_to_what_must_not_be_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reference itself may be read; what it leads to may not."""
    file = tmp_path / "secret"
    file.write_text("from-a-file\n")
    monkeypatch.setenv("HACTL_TEST_SECRET", "from-a-variable")
    referring = spec(command=("gw", "--key-from", f"file:{file}", "--other", "env:HACTL_TEST_SECRET", "file:/nowhere"))
    masker = Masker.of(referring)
    assert masker.text("from-a-file and from-a-variable") == f"{MASK} and {MASK}"
    assert masker.spec(referring).gateway.command[2] == f"file:{file}"


@pytest.mark.parametrize(
    "line",
    [
        f"Authorization: Bearer {SECRET}",
        f'{{"authorization":"Basic {SECRET}","m":"GET"}}',
        f"cookie: session={SECRET}; other=1",
        f"password={SECRET}",
        f'"client_secret": "{SECRET}"',
        f"DB_PASSWORD={SECRET} starting",
        f"run --auth-token {SECRET}",
        f"postgres://admin:{SECRET}@db/x",
        f"redis://{SECRET}@cache",
        f'{{"p":"/login?user=a&code={SECRET}#x"}}',
        f"GET /?{'a'}={SECRET} HTTP/1.1",
        f"x-api-key: {SECRET}",
        f"webhook = https://hooks.example.com/{SECRET}",
        f'{{"password": "a b {SECRET} c"}}',
        f"token='a \\' {SECRET}' x",
        f'{{"line":"say \\"passwd\\": \\"a {SECRET}\\""}}',
        f'password="a {SECRET}',
        f"pwd={SECRET}",
        f"postgres://user:p/{SECRET}@db",
        f"postgres://user:p@{SECRET}@db",
        f'Authorization:Digest username="u", response="{SECRET}"',
        f'curl -H \'Authorization: Digest username="u", response="{SECRET}"\' http://a/',
        f'{{"h":"authorization: Digest username=\\"u\\", response=\\"{SECRET}\\""}}',
        f'{{"authorization":"Digest username=\\"u\\", response=\\"{SECRET}\\""}}',
        f"-----BEGIN RSA PRIVATE KEY-----\n{SECRET}\n{SECRET}\n-----END RSA PRIVATE KEY-----",
        f"-----BEGIN PRIVATE KEY-----\n{SECRET}",
        f"{SECRET}\n{SECRET}\n-----END EC PRIVATE KEY-----\nafter",
    ],
)
def test_what_gives_a_secret_away_is_enough(line: str) -> None:
    """Nobody told us the value: its surroundings do."""
    assert SECRET not in Masker().text(line)


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ('{"password": "a b", "m": "GET"}', f'{{"password": "{MASK}", "m": "GET"}}'),
        ('{"authorization":"Basic x","m":"GET"}', f'{{"authorization":"{MASK}","m":"GET"}}'),
        ("curl -H 'Cookie: a=\"b\"' http://a/", f"curl -H 'Cookie: {MASK}' http://a/"),
        ('hash_on = "cookie:sid"', f'hash_on = "cookie:{MASK}"'),
        ('{"line":"a \\"cookie: x\\" b","n":1}', f'{{"line":"a \\"cookie: {MASK}\\" b","n":1}}'),
        ("token=x, next=y", f"token={MASK}, next=y"),
        ("postgres://u:p/w@db/x", f"postgres://{MASK}@db/x"),
    ],
)
def test_what_stands_around_a_secret_is_left(line: str, left: str) -> None:
    assert Masker().text(line) == left


@pytest.mark.parametrize(
    "piece", ["password", "password-", "--token", "cookie: ", "a://", "?a", 'token="', "eyJ-", "\\'"]
)
def test_an_endless_line_comes_to_an_end(piece: str) -> None:
    """Any process may write one into its log, and an archive is wanted all the same."""
    assert Masker().text(piece * 4000)


def test_a_token_is_known_by_its_look() -> None:
    token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmNHl0w5N"
    assert Masker().text(f"got {token} from") == f"got {MASK} from"


@pytest.mark.parametrize(
    "line",
    [
        "[2026-11-25 13:00:00.123][12][info][main] all clusters initialized. initializing init manager",
        '{"ts":1764.1,"m":"GET","p":"/a/b","code":503,"flags":"UH","why":"no_healthy_upstream","up":null,"att":1}',
        "a-1: serving -> backoff (killed by signal 9)",
        "mend: sysctl net.ipv4.tcp_migrate_req=1",
        "listening on http://127.0.0.1:8080/",
        "http2: 3 streams, max_body_retry=1048576",
    ],
)
def test_what_is_no_secret_is_left(line: str) -> None:
    """An archive of asterisks helps nobody."""
    assert Masker.of(spec(env={"HOME": os.devnull})).text(line) == line
