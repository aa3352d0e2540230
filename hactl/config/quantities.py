"""The kinds of value with a notation of their own: durations, sizes, proportions, addresses, ranges.

Nothing is looked up: a host name is judged by its letters, an address by its form.
"""

import re
from decimal import Decimal
from fractions import Fraction
from ipaddress import ip_address

from hactl.config.kinds import Kind
from hactl.config.unfit import unfit

UNITS = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}
"""Milliseconds in each unit of a duration, largest first."""
SIZES = {"GiB": 1 << 30, "MiB": 1 << 20, "KiB": 1 << 10, "B": 1}
"""Bytes in each unit of a size, largest first."""
_DURATION = r"[0-9]{1,12}(?:\.[0-9]{1,20})?(?:ms|s|m|h|d)"
_SIZE = r"[0-9]{1,12}(?:B|KiB|MiB|GiB)"
_FRACTION = r"[0-9]{1,3}/[1-9][0-9]{0,2}"
_SPAN = r"[0-9]{1,5}(?:-[0-9]{1,5})?"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?"
HOSTNAME = rf"{_LABEL}(?:\.{_LABEL})*"
"""A host name."""


def duration(low: str, high: str, *, auto: bool = False) -> Kind:
    """Text like "250ms" between two such texts, held in seconds; `auto` allows "auto", held as None."""
    extra = '"auto" or ' if auto else ""
    wants = f"{extra}a duration from {low} to {high}"

    def read(raw: object) -> float | None:
        if auto and raw == "auto":
            return None
        if not isinstance(raw, str) or not re.fullmatch(_DURATION, raw):
            raise unfit(wants, raw, 'write a number and a unit (ms, s, m, h, d), like "250ms"')
        value = parse_duration(raw)
        if not parse_duration(low) <= value <= parse_duration(high):
            raise unfit(wants, raw)
        return value

    def write(value: float | None) -> str:
        return "auto" if value is None else format_duration(value)

    pattern = f"^(?:{'auto|' if auto else ''}{_DURATION})$"
    return Kind(wants=wants, read=read, write=write, schema={"type": "string", "pattern": pattern})


def parse_duration(text: str) -> float:
    """The seconds that a well-formed duration stands for."""
    unit = text.lstrip("0123456789.")
    return float(Decimal(text.removesuffix(unit)) * UNITS[unit] / 1000)


def format_duration(value: float) -> str:
    """Seconds in the largest unit that needs no fraction; `parse_duration` gives back exactly `value`."""
    ms = Decimal(repr(value)) * 1000
    for unit, size in UNITS.items():
        if ms % size == 0 and (ms or unit == "s"):
            return f"{int(ms / size)}{unit}"
    return f"{ms.normalize():f}ms"


def size(low: str, high: str) -> Kind:
    """Text like "16MiB" between two such texts, held in bytes."""
    wants = f"a size from {low} to {high}"

    def read(raw: object) -> int:
        if not isinstance(raw, str) or not re.fullmatch(_SIZE, raw):
            raise unfit(wants, raw, 'write a whole number and a unit (B, KiB, MiB, GiB), like "16MiB"')
        if not _bytes(low) <= _bytes(raw) <= _bytes(high):
            raise unfit(wants, raw)
        return _bytes(raw)

    def write(value: int) -> str:
        unit = next((unit for unit, bytes_ in SIZES.items() if value and value % bytes_ == 0), "B")
        return f"{value // SIZES[unit]}{unit}"

    return Kind(wants=wants, read=read, write=write, schema={"type": "string", "pattern": f"^{_SIZE}$"})


def _bytes(text: str) -> int:
    unit = text.lstrip("0123456789")
    return int(text.removesuffix(unit)) * SIZES[unit]


def proportion() -> Kind:
    """A number from 0 to 1, or a fraction like "1/3" that no decimal number can say."""
    wants = 'a number from 0 to 1, or a fraction like "1/3"'

    def read(raw: object) -> float:
        if isinstance(raw, str) and re.fullmatch(_FRACTION, raw):
            above, below = raw.split("/")
            value = int(above) / int(below)
        elif isinstance(raw, int | float) and not isinstance(raw, bool):
            value = raw
        else:
            raise unfit(wants, raw)
        if not 0 <= value <= 1:  # "not": nan is refused too
            raise unfit(wants, raw)
        return float(value)

    def write(value: float) -> float | str:
        near = Fraction(value).limit_denominator(99)
        long = len(repr(value)) > len("0.125")
        return str(near) if long and near.numerator / near.denominator == value else value

    number = {"type": "number", "minimum": 0, "maximum": 1}
    schema = {"anyOf": [number, {"type": "string", "pattern": f"^{_FRACTION}$"}]}
    return Kind(wants=wants, read=read, write=write, schema=schema)


def ip() -> Kind:
    """An IP address, version 4 or 6."""
    wants = 'an IP address, like "127.0.0.1"'

    def read(raw: object) -> str:
        address = _ip(raw) if isinstance(raw, str) else ""
        if not address:
            raise unfit(wants, raw)
        return address

    return Kind(wants=wants, read=read, schema={"type": "string", "anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]})


def address(*, names: bool = False) -> Kind:
    """Text like "127.0.0.1:8080" or "[::1]:8080", held as (host, port); with `names` also "localhost:8080"."""
    wants = f'an address "{"host" if names else "ip"}:port", like "127.0.0.1:8080"'

    def read(raw: object) -> tuple[str, int]:
        if not isinstance(raw, str):
            raise unfit(wants, raw)
        head, _, port = raw.rpartition(":")
        host = _host(head, names=names)
        if not host:
            raise unfit(wants, raw, _address_hint(raw, head))
        if not re.fullmatch("[0-9]{1,5}", port) or not 1 <= int(port) <= 65_535:
            raise unfit(wants, raw, "ports are 1 to 65535")
        return host, int(port)

    def write(value: tuple[str, int]) -> str:
        host, port = value
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    schema = {"type": "string", "pattern": r"^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):[0-9]{1,5}$"}
    return Kind(wants=wants, read=read, write=write, schema=schema)


def _host(head: str, *, names: bool) -> str:
    """The host in what stands before the port; "" when it is none."""
    bracketed = head.startswith("[") and head.endswith("]")
    known = _ip(head[1:-1] if bracketed else head)
    if known:
        return known if (":" in known) == bracketed else ""
    return head if names and _is_name(head) else ""


def _address_hint(raw: str, head: str) -> str:
    if _ip(raw):
        return "add the port" + (', with the address in brackets, like "[::1]:8080"' if ":" in raw else "")
    if _ip(head):
        return 'write an IPv6 address in brackets, like "[::1]:8080"'
    return "write the IP address: names are not looked up here" if _is_name(head) else ""


def _is_name(text: str) -> bool:
    """True for a host name. Digits and dots alone are a mistyped IP address, never a name."""
    return len(text) <= 253 and bool(re.fullmatch(HOSTNAME, text)) and not re.fullmatch("[0-9.]+", text)


def _ip(text: str) -> str:
    """An IP address in its usual spelling; "" when it is none, or one that has a meaning on one link only."""
    try:
        return "" if "%" in text else str(ip_address(text))
    except ValueError:
        return ""


def span(low: int, high: int, what: str, example: str) -> Kind:
    """Text like "200-299", or "200" for both ends, held as (first, last); `what` is read after "a range of"."""
    wants = f'a range of {what} within {low}-{high}, like "{example}"'

    def read(raw: object) -> tuple[int, int]:
        if not isinstance(raw, str) or not re.fullmatch(_SPAN, raw):
            raise unfit(wants, raw)
        first, _, last = raw.partition("-")
        ends = int(first), int(last or first)
        if not low <= ends[0] <= ends[1] <= high:
            raise unfit(wants, raw)
        return ends

    def write(value: tuple[int, int]) -> str:
        return f"{value[0]}-{value[1]}"

    return Kind(wants=wants, read=read, write=write, schema={"type": "string", "pattern": f"^{_SPAN}$"})
