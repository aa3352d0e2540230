"""An alert as an HTTP request. httpx is loaded for the first webhook, in a thread, and never without one.

Nothing of an attempt outlives it: no connection is kept, no answer is read beyond what explains a failure, a redirect
is not followed (it could lead a secret anywhere), and no proxy of the environment is used. Who cancels an attempt has
its connection closed.
"""

import asyncio
import contextlib
import datetime
import email.utils
import errno
import functools
import ipaddress
import os
import re
import socket
import ssl
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from hactl import __version__
from hactl.core.alert import AlertSpec
from hactl.core.errors import HactlError
from hactl.core.plain import printable
from hactl.supervisor.alerts.aside import Aside
from hactl.supervisor.alerts.courier import Undelivered
from hactl.supervisor.alerts.secrets import look_up, strike_out

if TYPE_CHECKING:
    import httpx

READ = 4096
"""Bytes of an answer that are read at most, and only when it is a refusal."""
ADDRESSES = 4
"""Of a name; they share the time of one attempt."""
SHOWN = 200
"""Characters of that which are told."""
_LATER = (408, 425, 429)
"""Refusals that another attempt may change; so are all of 500 and above."""
_TOKEN = 12
"""Letters from which a part of a path is taken for a secret: some services have nothing else."""
_NO_WHERE = 'wants a URL, like "https://example.com/hooks/1"'


class _Target:
    """Where one attempt goes, with every secret looked up."""

    def __init__(self, url: str, headers: dict[str, str]) -> None:
        """Raises ValueError when `url` is none."""
        parts = urlsplit(url)
        self.url = url
        self.tls = parts.scheme == "https"
        self.host = parts.hostname or ""
        self.port = parts.port or (443 if self.tls else 80)
        self.headers = headers
        tokens = (part for part in parts.path.split("/") if len(part) >= _TOKEN)
        self.secrets = (url, parts.query, *tokens, *headers.values())
        if parts.scheme not in ("http", "https") or not self.host:
            raise ValueError(url)

    @property
    def name(self) -> str:
        """What may be told of it: a path can be a secret, too."""
        return f"{self.host}:{self.port}"


class Webhook:
    """Posts alerts."""

    def __init__(self, aside: Aside) -> None:
        self._aside = aside
        self._context: ssl.SSLContext | None = None

    async def prepare(self) -> None:
        """Load httpx and the certificates of this machine, which takes too long to do in the loop."""
        await self._ready()

    async def post(self, to: AlertSpec, body: bytes) -> None:
        """One attempt. Raises Undelivered, and HactlError for what no further attempt would change."""
        target = await self._aside.run(lambda: _target(to))
        context = await self._ready()
        addresses = await self._addresses(target)
        patience = to.timeout / len(addresses)
        try:
            for address in addresses[:-1]:
                with contextlib.suppress(_NotThere):
                    return await self._post(target, address, context, body, patience)
            await self._post(target, addresses[-1], context, body, patience)
        except HactlError as error:
            error.message = strike_out(error.message, target.secrets)
            raise

    async def _ready(self) -> ssl.SSLContext:
        if self._context is None:
            self._context = await self._aside.run(_load)
        return self._context

    async def _addresses(self, target: _Target) -> tuple[str, ...]:
        with contextlib.suppress(ValueError):
            return (str(ipaddress.ip_address(target.host)),)
        ask = functools.partial(socket.getaddrinfo, target.host, target.port, type=socket.SOCK_STREAM)
        try:
            found = await self._aside.run(ask)
        except (OSError, UnicodeError) as error:
            why = getattr(error, "strerror", None) or "not a host name"
            raise Undelivered(f"cannot look up '{target.host}': {why.lower()}", "check alert.webhook") from error
        return tuple(dict.fromkeys(str(each[4][0]) for each in found))[:ADDRESSES]

    async def _post(self, target: _Target, address: str, context: ssl.SSLContext, body: bytes, patience: float) -> None:
        """Ask at one address. By address, because httpx would look the name up in threads that others need, too."""
        import httpx  # noqa: PLC0415 - loaded by now, and never without a webhook

        url = httpx.URL(target.url)
        ours = {"user-agent": f"hactl/{__version__}", "accept-encoding": "identity"}
        headers = httpx.Headers(ours)  # in which letters of any size are the same name
        headers.update(target.headers)
        headers.update({"content-type": "application/json", "host": url.netloc.decode("ascii")})
        name = {"sni_hostname": target.host}
        limits = httpx.Timeout(None, connect=patience)
        try:
            async with (
                httpx.AsyncClient(verify=context, trust_env=False, timeout=limits) as client,
                client.stream(
                    "POST", url.copy_with(host=address), content=body, headers=headers, extensions=name
                ) as answer,
            ):
                if not answer.is_success:
                    raise _refused(target, answer, await _excerpt(answer))
        except httpx.ConnectTimeout:
            raise _NotThere(f"{target.name} does not answer", "is it up, and reachable from this machine?") from None
        except httpx.TransportError as error:
            raise _broken(target, error) from error


class _NotThere(Undelivered):
    """Nobody took the connection at one address; there may be others."""


def _load() -> ssl.SSLContext:
    """What every request needs; slow the first time, and to be called in a thread."""
    asyncio.run(_rehearse())
    return ssl.create_default_context()


async def _rehearse() -> None:
    """Most of httpx is loaded by its first request (measured: 50 ms): let that be one that goes nowhere."""
    import httpx  # noqa: PLC0415

    nowhere = httpx.AsyncHTTPTransport(uds="/dev/null/nowhere", verify=False)
    async with httpx.AsyncClient(transport=nowhere, trust_env=False) as client:
        with contextlib.suppress(httpx.TransportError):
            await client.post("http://nowhere/")


def _target(to: AlertSpec) -> _Target:
    """Look everything up. Blocks when a file is on a disk that is away."""
    url = look_up(to.webhook)
    headers = {name: look_up(value) for name, value in to.headers.items()}
    for name, value in headers.items():
        if not re.fullmatch(r"[\x20-\x7e]*", value):
            raise HactlError(f"the value of the header '{name}' cannot be sent", "one line of plain ASCII text")
    try:
        return _Target(url, headers)
    except ValueError:
        raise HactlError(f"'{to.webhook}' does not hold a valid URL", _NO_WHERE) from None


async def _excerpt(answer: "httpx.Response") -> str:
    """How a refusal explains itself, on one line."""
    data = b""
    async for chunk in answer.aiter_raw():
        data += chunk
        if len(data) >= READ:
            break
    text = " ".join(data[:READ].decode(errors="replace").split())
    return printable(text)[:SHOWN]


def _refused(target: _Target, answer: "httpx.Response", said: str) -> Undelivered:
    code = answer.status_code
    message = f"{target.name} answered {code}{f': {said}' if said else ''}"
    if answer.is_redirect:
        return Undelivered(f"{target.name} answered {code}, a redirect", "use its new address", again=False)
    if code in _LATER or code >= 500:
        return Undelivered(message, after=_retry_after(answer.headers.get("retry-after", "")))
    hint = "check the secret it is sent" if code in (401, 403) else "check alert.webhook"
    return Undelivered(message, hint, again=False)


def _retry_after(text: str) -> float:
    """Seconds, given as such or as a date; 0 when it is neither."""
    if re.fullmatch("[0-9]{1,9}", text):
        return float(text)
    try:
        when = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    return max(0.0, (when - datetime.datetime.now(datetime.UTC)).total_seconds()) if when.tzinfo else 0.0


def _broken(target: _Target, error: "httpx.TransportError") -> Undelivered:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            why = f"the certificate of {target.name} is not trusted: {cause.verify_message}"
            return Undelivered(why, "trust its CA on this machine, or set SSL_CERT_FILE", again=False)
        if isinstance(cause, ssl.SSLError):
            return Undelivered(f"no TLS with {target.name}: {cause.reason or 'connection closed'}", "https, or http?")
        if isinstance(cause, ConnectionRefusedError):
            return _NotThere(f"nothing listens on {target.name}", "check alert.webhook")
        if isinstance(cause, OSError) and cause.errno in (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL):
            return _NotThere(f"cannot reach {target.name}: {os.strerror(cause.errno).lower()}", "check the network")
        cause = cause.__cause__ or cause.__context__
    return Undelivered(f"the connection to {target.name} broke: {str(error) or type(error).__name__}")
