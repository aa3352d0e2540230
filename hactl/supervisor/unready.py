"""Why a starting process is not ready yet, in a sentence; and when that is worth reporting. Not how it is probed."""

from hactl.core.node import Node
from hactl.core.running import ProbeAnswer

_SOON = 2.0
"""Seconds after which a start is told to take its time, or half of what it may take."""
_AGAIN = 0.1
"""Part of its time that a start has left when it is told for the second and last time."""


class Delay:
    """Watches one start: told about once soon, and once more near its end if there is something else to tell."""

    def __init__(self) -> None:
        self._told = 0
        self._text = ""

    def due(self, left: float, patience: float) -> bool:
        """Whether to find out now, with `left` seconds of `patience` to go."""
        moments = (patience - min(_SOON, patience / 2), patience * _AGAIN)
        return self._told < len(moments) and left <= moments[self._told]

    def tell(self, text: str) -> bool:
        """Whether `text` is news."""
        self._told += 1
        known, self._text = self._text, text
        return text != known


def why(node: Node, answer: ProbeAnswer, listens: tuple[str, ...], *, foreign: bool) -> str:
    """What `node` lacks, whose process listens on `listens` and gave `answer`; `foreign`: it is no Envoy."""
    if not answer.refused:
        return answer.why
    hint = ": does gateway.command pass {port} on?" if foreign else ""
    where = f"[{node.address}]:{node.port}" if ":" in node.address else f"{node.address}:{node.port}"
    if not listens:
        return f"it runs, but nothing listens on {where}{hint}"
    return f"nothing listens on {where}, but it listens on {', '.join(listens[:3])}{hint}"
