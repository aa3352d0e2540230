"""Elements of HTML and SVG, built so that nothing foreign can become one: text is escaped unless it was built here.

Not a template language: an element is a name, attributes and what is inside.
"""

import html
import re

_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
"""Characters that no document may have, or that turn the direction of what is written after them."""
_VOID = frozenset({"meta", "br"})


class Markup(str):
    """Text that is HTML already. Made by `el` and `joined` only."""

    __slots__ = ()


def plain(text: str) -> str:
    """Foreign text without what cannot be seen, or could not stand in a document."""
    return _UNSEEN.sub("\N{REPLACEMENT CHARACTER}", text)


def escaped(part: str) -> Markup:
    """`part` as text; as it is when it was built here."""
    return part if isinstance(part, Markup) else Markup(html.escape(plain(part), quote=True))


def joined(*parts: str) -> Markup:
    """One after the other."""
    return Markup("".join(map(escaped, parts)))


def el(name: str, /, *inside: str, **attributes: str | float) -> Markup:
    """An element. A name of an attribute that is no identifier is written with `_` for `-`, and one at its end is left
    out: `stroke_width=2`, `class_="bad"`."""
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escaped(value if isinstance(value, str) else f"{value:g}")}"'
        for key, value in attributes.items()
    )
    if name in _VOID:
        return Markup(f"<{name}{given}>")
    return Markup(f"<{name}{given}>{joined(*inside)}</{name}>")
