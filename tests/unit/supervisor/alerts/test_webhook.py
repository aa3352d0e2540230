"""Real receivers on loopback: what they are sent, how they refuse, and that no secret is in what is said about it."""

import asyncio
import datetime
import email.utils
import re
import socket
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.alerts import a_receiver
from support.ports import free_port
from support.receiver import NEVER, OK, Receiver, answer

from hactl.core.alert import AlertSpec
from hactl.core.errors import HactlError
from hactl.supervisor.alerts.aside import Aside
from hactl.supervisor.alerts.courier import Undelivered
from hactl.supervisor.alerts.webhook import READ, SHOWN, Webhook

PATIENCE = 30.0
BODY = b'{"version":1}'


async def post(to: AlertSpec, webhook: Webhook | None = None) -> None:
    async with asyncio.timeout(PATIENCE):
        await (webhook or Webhook(Aside())).post(to, BODY)


async def refusal(*answers: bytes, **spec: Any) -> Undelivered:
    """What is said of a receiver that answers so."""
    async with Receiver(*answers) as receiver:
        with pytest.raises(Undelivered) as error:
            await post(a_receiver(**({"webhook": receiver.url} | spec)))
        assert len(receiver.requests) == 1
    return error.value


async def test_it_is_posted_as_json_and_any_success_will_do() -> None:
    async with Receiver(OK, answer("204 No Content"), answer("202 Accepted", b"queued")) as receiver:
        for _ in range(3):
            await post(a_receiver(webhook=f"{receiver.url}?a=b&c=%20d"))
        first = receiver.requests[0]
        assert first.line == "POST /hook?a=b&c=%20d HTTP/1.1"
        assert first.body == BODY
        assert first.headers["content-type"] == "application/json"
        assert first.headers["host"] == f"127.0.0.1:{receiver.port}"
        assert first.headers["user-agent"].startswith("hactl/")
        await receiver.until(lambda: receiver.open == 0)


async def test_headers_are_looked_up_for_each_delivery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    token = tmp_path / "token"
    headers = {"Authorization": f"file:{token}", "x-key": "env:KEY", "x-team": "web"}
    async with Receiver() as receiver:
        for number in ("1", "2"):
            token.write_text(f"Bearer {number}\n")
            monkeypatch.setenv("KEY", number)
            await post(a_receiver(webhook=receiver.url, headers=headers))
        sent = [(each.headers["authorization"], each.headers["x-key"]) for each in receiver.requests]
        assert sent == [("Bearer 1", "1"), ("Bearer 2", "2")]
        assert receiver.requests[0].headers["x-team"] == "web"


async def test_a_header_of_the_receiver_takes_the_place_of_ours_however_it_is_written() -> None:
    """Sent twice, many receivers refuse it, or take the wrong one."""
    headers = {"User-Agent": "pager/1", "Accept-Encoding": "gzip"}
    async with Receiver() as receiver:
        await post(a_receiver(webhook=receiver.url, headers=headers))
        (request,) = receiver.requests
        assert (request.headers["user-agent"], request.headers["accept-encoding"]) == ("pager/1", "gzip")
        assert len(set(request.sent)) == len(request.sent)


async def test_the_address_itself_may_be_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Receiver(answer("404 Not Found", b"no_service /services/T0KENT0KENT0KEN")) as receiver:
        monkeypatch.setenv("HOOK", f"http://127.0.0.1:{receiver.port}/services/T0KENT0KENT0KEN")
        with pytest.raises(Undelivered) as error:
            await post(a_receiver(webhook="env:HOOK"))
        assert error.value.message == f"127.0.0.1:{receiver.port} answered 404: no_service /services/***"


async def test_a_receiver_that_repeats_a_secret_does_not_bring_it_into_the_journal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TOKEN", "Bearer hunter2hunter2")
    error = await refusal(
        answer("401 Unauthorized", b"'hunter2hunter2' is no token"), headers={"Authorization": "env:TOKEN"}
    )
    assert "hunter2" not in str(error)
    assert "'***' is no token" in error.message
    assert not error.again
    assert "secret" in error.hint


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("env:NOT_SET", "the daemon's environment has no NOT_SET"),
        ("env:NO_URL", "'env:NO_URL' does not hold a valid URL"),
        ("env:ODD_PORT", "'env:ODD_PORT' does not hold a valid URL"),
        ("file:/nowhere/hook", "cannot read '/nowhere/hook': no such file or directory"),
    ],
)
async def test_a_place_with_no_address_in_it_is_named(monkeypatch: pytest.MonkeyPatch, place: str, said: str) -> None:
    """What it holds instead is not repeated; no further attempt would change it."""
    monkeypatch.delenv("NOT_SET", raising=False)
    monkeypatch.setenv("NO_URL", "hunter2hunter2")
    monkeypatch.setenv("ODD_PORT", "http://example.com:99999/")
    with pytest.raises(HactlError) as error:
        await post(a_receiver(webhook=place))
    assert error.value.message == said
    assert not isinstance(error.value, Undelivered)


async def test_a_header_that_cannot_be_sent_is_named_and_not_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", "hunter2\r\nx-admin: yes")
    with pytest.raises(HactlError, match="the value of the header 'x-key' cannot be sent") as error:
        await post(a_receiver(headers={"x-key": "env:KEY"}))
    assert "hunter2" not in str(error.value)


@pytest.mark.parametrize("status", ["500 Oops", "503 Unavailable", "429 Too Many", "408 Timeout"])
async def test_a_receiver_in_trouble_is_asked_again(status: str) -> None:
    error = await refusal(answer(status, b"in\ntrouble \x1b[31m"))
    assert error.again
    assert error.message.endswith(f"answered {status[:3]}: in trouble [31m")


async def test_it_may_say_when_to_come_back() -> None:
    """In seconds or by a date; what is neither is not minded."""
    assert (await refusal(answer("429 Too Many", retry_after="7"))).after == 7.0
    soon = datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=10)
    assert 500.0 < (await refusal(answer("503 Busy", retry_after=email.utils.format_datetime(soon)))).after <= 600.0
    for odd in ("soon", "-5", "1e9", "Mon, 99 Foo 2026", email.utils.format_datetime(datetime.datetime(2001, 1, 1))):  # noqa: DTZ001
        assert (await refusal(answer("503 Busy", retry_after=odd))).after == 0.0


@pytest.mark.parametrize("status", ["400 Bad", "403 No", "404 None", "410 Gone"])
async def test_one_that_will_never_take_it_is_not_asked_again(status: str) -> None:
    error = await refusal(answer(status))
    assert not error.again
    assert error.hint


async def test_a_redirect_is_not_followed() -> None:
    """It could lead a secret anywhere."""
    async with Receiver() as elsewhere:
        error = await refusal(answer("302 Found", location=elsewhere.url))
        assert elsewhere.requests == []
    assert not error.again
    assert error.message.endswith("answered 302, a redirect")


async def test_of_a_huge_refusal_only_the_beginning_is_read() -> None:
    async with Receiver(answer("500 Oops", b"x" * 50_000_000)) as receiver:
        with pytest.raises(Undelivered) as error:
            await post(a_receiver(webhook=receiver.url))
        await receiver.until(lambda: receiver.open == 0)
    assert len(error.value.message) < SHOWN + 100 < READ


async def test_of_a_success_nothing_is_read() -> None:
    """An endless one would keep us for ever."""
    async with Receiver(b"200 OK\r\ncontent-length: 1000000000\r\n\r\nbegin") as receiver:
        await post(a_receiver(webhook=receiver.url))
        await receiver.until(lambda: receiver.open == 0)


async def test_an_attempt_that_is_given_up_leaves_no_connection() -> None:
    async with Receiver(NEVER) as receiver:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(post(a_receiver(webhook=receiver.url)))
            await receiver.until(lambda: receiver.requests)
            task.cancel()
        await receiver.until(lambda: receiver.open == 0)


async def test_nobody_there_nobody_talking_and_nobody_who_talks_http() -> None:
    with pytest.raises(Undelivered, match="nothing listens on 127") as error:
        await post(a_receiver(webhook=f"http://127.0.0.1:{free_port()}/"))
    assert error.value.again
    assert " broke: " in (await broken(b"\x00\x00 nonsense\r\n\r\n")).message


async def broken(said: bytes) -> Undelivered:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(said)
        writer.close()

    port = free_port()
    async with await asyncio.start_server(talk, "127.0.0.1", port):
        with pytest.raises(Undelivered) as error:
            await post(a_receiver(webhook=f"http://127.0.0.1:{port}/"))
    return error.value


async def test_one_that_hangs_up_is_asked_again() -> None:
    assert (await broken(b"")).again


async def test_a_name_with_several_addresses_is_tried_at_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """A receiver that listens on one of them only is reached all the same, by its name."""
    dead, asked = "127.0.0.9", []

    def two(host: str, port: int, **rest: Any) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in (dead, "127.0.0.1")]

    # There is no name with two addresses on every machine, and none may be asked for.
    monkeypatch.setattr(socket, "getaddrinfo", two)
    async with Receiver() as receiver:
        await post(a_receiver(webhook=f"http://pager.test:{receiver.port}/hook"))
        assert receiver.requests[0].headers["host"] == f"pager.test:{receiver.port}"
    assert asked == ["pager.test"], "nobody else looks names up"


async def test_a_name_that_nobody_knows_is_told() -> None:
    with pytest.raises(Undelivered, match=re.escape("cannot look up 'a..b'")):
        await post(a_receiver(webhook="http://a..b/"))


@pytest.mark.skipif(not Path("/proc/net/if_inet6").exists(), reason="no IPv6 here")
async def test_an_address_of_version_six() -> None:
    async with Receiver(host="::1") as receiver:
        await post(a_receiver(webhook=receiver.url))
        assert receiver.requests[0].headers["host"] == f"[::1]:{receiver.port}"


def certificate(directory: Path, name: str) -> tuple[Path, Path]:
    """A self-signed certificate for `name`, and its key."""
    files = directory / f"{name}.pem", directory / f"{name}.key"
    wants = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    names = ["-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"]
    out = ["-out", str(files[0]), "-keyout", str(files[1])]
    subprocess.run(["openssl", "req", *wants, *names, *out], check=True, capture_output=True)
    return files


async def test_a_certificate_must_be_trusted_and_bear_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name of the webhook, though it is connected to by address."""
    chain, key = certificate(tmp_path, "localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    async with Receiver(tls=context) as receiver:
        by_name = f"https://localhost:{receiver.port}/hook"
        with pytest.raises(Undelivered, match="is not trusted: self-signed certificate") as error:
            await post(a_receiver(webhook=by_name))
        assert not error.value.again
        monkeypatch.setenv("SSL_CERT_FILE", str(chain))
        await post(a_receiver(webhook=by_name))
        assert receiver.requests[0].headers["host"] == f"localhost:{receiver.port}"
        with pytest.raises(Undelivered, match=r"is not trusted: .*IP address mismatch"):
            await post(a_receiver(webhook=f"https://127.0.0.1:{receiver.port}/hook"))
        assert len(receiver.requests) == 1, "nothing was sent to a stranger"


async def test_tls_where_there_is_none() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    port = free_port()
    async with await asyncio.start_server(talk, "127.0.0.1", port):
        with pytest.raises(Undelivered, match=f"no TLS with 127.0.0.1:{port}"):
            await post(a_receiver(webhook=f"https://127.0.0.1:{port}/"))


async def test_one_that_never_gets_as_far_as_tls_does_not_answer() -> None:
    async with Receiver() as receiver:
        spec = a_receiver(webhook=receiver.url.replace("http:", "https:"), timeout=0.1)
        with pytest.raises(Undelivered, match=f"127.0.0.1:{receiver.port} does not answer"):
            await post(spec)


async def test_a_proxy_of_the_environment_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Receiver() as proxy, Receiver() as receiver:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        await post(a_receiver(webhook=receiver.url))
        assert (len(receiver.requests), proxy.requests) == (1, [])


def test_httpx_is_loaded_for_a_webhook_and_not_before() -> None:
    """A daemon without one does not pay for it."""
    script = (
        "import asyncio, sys\n"
        "import hactl.processes.daemon\n"
        "from hactl.supervisor.alerts.delivery import AlertDelivery\n"
        "from hactl.core.alert import AlertSpec\n"
        "delivery = AlertDelivery()\n"
        "asyncio.run(delivery.prepare(AlertSpec(exec=('true',))))\n"
        "print('httpx' in sys.modules)\n"
        "asyncio.run(delivery.prepare(AlertSpec(webhook='http://127.0.0.1:1/')))\n"
        "print('httpx' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["False", "True"]
