"""What an operator, a script or a drill asks for. Commands are requests: the core accepts or rejects each one whole."""

from hactl.core.model import Verb
from hactl.core.spec import Policy
from hactl.core.value import Value


class _Command(Value, tag_field="do", forbid_unknown_fields=True):
    pass


class Start(_Command, tag="start"):
    """Bring processes up; ends when each is serving."""

    nodes: tuple[str, ...]


class Stop(_Command, tag="stop"):
    """Drain, then stop with the stop signal and a deadline; stays down until started."""

    nodes: tuple[str, ...]


class Restart(_Command, tag="restart"):
    """Rolling restart: one at a time, each gated on readiness and on the rest carrying the traffic."""

    nodes: tuple[str, ...]


class Kill(_Command, tag="kill"):
    """SIGKILL at once, no drain: what a crash does. Ends when the capacity is back."""

    nodes: tuple[str, ...]


class Drain(_Command, tag="drain"):
    """Take nodes out of rotation and let them finish; they stay up."""

    nodes: tuple[str, ...]


class Resume(_Command, tag="resume"):
    """Put drained nodes back into rotation."""

    nodes: tuple[str, ...]


class SetWeight(_Command, tag="weight"):
    """Change weights; 0 takes a node or region out of rotation."""

    weight: int
    nodes: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()


class SetPolicy(_Command, tag="policy"):
    """Change how the edges choose among nodes."""

    policy: Policy


class Down(_Command, tag="down"):
    """Stop everything, edges first so that no client meets a gateway without nodes, and end the daemon."""


Command = Start | Stop | Restart | Kill | Drain | Resume | SetWeight | SetPolicy | Down

VERBS: dict[type[Command], Verb] = {
    Start: Verb.START,
    Stop: Verb.STOP,
    Restart: Verb.RESTART,
    Kill: Verb.KILL,
    Drain: Verb.DRAIN,
    Resume: Verb.RESUME,
    SetWeight: Verb.WEIGHT,
    SetPolicy: Verb.POLICY,
    Down: Verb.DOWN,
}


class Request(Value):
    """A command with who sent it and why: what actually enters `step`."""

    command: Command
    by: str
    reason: str = ""
    confirm: str = ""
    """The fleet's name, typed by somebody who means it: lifts the safety rule on the last serving nodes."""
