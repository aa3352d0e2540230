"""What an operator, a script or a drill asks for. Commands are requests: the core accepts or rejects each one whole."""

from hactl.core.bound import Bound
from hactl.core.hop_commands import BreakHop, MendHop
from hactl.core.impairment import Impairment
from hactl.core.load import Load
from hactl.core.model import Proposal
from hactl.core.operation import Verb
from hactl.core.spec import Policy
from hactl.core.value import BaseCommand, Value


class Start(Bound, tag="start"):
    """Bring processes up; ends when each is serving."""

    nodes: tuple[str, ...]


class Stop(BaseCommand, tag="stop"):
    """Drain, then stop with the stop signal and a deadline; stays down until started."""

    nodes: tuple[str, ...]


class Restart(Bound, tag="restart"):
    """Rolling restart: one at a time, each gated on readiness and on the rest carrying the traffic."""

    nodes: tuple[str, ...]


class Kill(Bound, tag="kill"):
    """SIGKILL at once, no drain: what a crash does. Ends when the capacity is back."""

    nodes: tuple[str, ...]
    hold: bool = False
    """Not to come back until started; then it ends when they are gone."""


class Freeze(Bound, tag="freeze"):
    """SIGSTOP: what a hang does. Ends when the capacity is back; in a paused fleet, when every edge does without it."""

    nodes: tuple[str, ...]


class Thaw(BaseCommand, tag="thaw"):
    """SIGCONT what is frozen; ends when it is well again."""

    nodes: tuple[str, ...]


class Drain(BaseCommand, tag="drain"):
    """Take nodes out of rotation and let them finish; they stay up."""

    nodes: tuple[str, ...]


class Resume(BaseCommand, tag="resume"):
    """Put drained nodes back into rotation."""

    nodes: tuple[str, ...]


class SetWeight(BaseCommand, tag="weight"):
    """Change weights; 0 takes a node or region out of rotation."""

    weight: int
    nodes: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()


class SetPolicy(BaseCommand, tag="policy"):
    """Change how the edges choose among nodes."""

    policy: Policy


class Pause(BaseCommand, tag="pause"):
    """Repair nothing until told to go on; edges are still told who is well, and orders are still carried out."""

    seconds: float | None = None
    """When it ends automatically; None: not."""


class Unpause(BaseCommand, tag="unpause"):
    """Repair again; ends when what died meanwhile is up."""


class Apply(Bound, tag="apply"):
    """Bring another configuration into force while the fleet serves: proved on one node and one edge first.

    Rolled back automatically when a step fails or clients get worse answers.
    """

    text: str
    """A whole `hactl.toml`."""
    path: str = ""
    """Where it stands: paths in it that are not absolute are meant from there."""
    base: int = 0
    """The revision it was written against; refused when another one is in force. 0: whatever is."""
    bake: float = 2.0
    """Seconds to watch the traffic between the first node and edge and all the others."""


class Scale(BaseCommand, tag="scale"):
    """Change how many nodes a region has: a configuration change of one number."""

    region: str
    count: int


class Failover(BaseCommand, tag="failover"):
    """Move traffic of a region to those that come next, step by step; rolled back automatically if that does harm."""

    region: str
    steps: int = 4
    pause: float = 2.0
    """Seconds to watch the traffic after each step."""


class Failback(Bound, tag="failback"):
    """Give an evacuated region its traffic back, in the same way; during its failover, turn that round."""

    region: str
    steps: int = 4
    pause: float = 2.0


class Down(BaseCommand, tag="down"):
    """Stop everything, edges first so that no client meets a gateway without nodes, and end the daemon."""


class TryAlert(BaseCommand, tag="alert-test"):
    """Send one receiver a test; ends when it has taken it, or will not."""

    alert: str


class BeginDrill(BaseCommand, tag="drill"):
    """Lend the fleet to a drill: what it may touch is journaled as it is, and restored when the drill is over.

    It is over when it is ended, when nothing is heard of its runner for `lease`, and after `longest` in any case.
    """

    name: str
    nodes: tuple[str, ...]
    """Whom its faults may touch, edges included; nothing else is restored."""
    in_turn: tuple[str, ...] = ()
    """Whom it only ever takes out one at a time: restored like the others, and never out of service together."""
    regions: tuple[str, ...] = ()
    """Whose weight and whose traffic it may touch."""
    config: bool = False
    """It may bring other configurations into force: the one of now is in force again when it is over."""
    services: tuple[str, ...] = ()
    """To which the hops may be disturbed."""
    lease: float = 15.0
    """Seconds."""
    longest: float = 180.0
    """Seconds."""


class KeepDrill(BaseCommand, tag="drill-keep"):
    """The runner of a drill lives: another term for its lease. It may leave a canary in the journal with that."""

    id: str
    """Of the operation."""
    canary: int = 0
    """A number of the runner's own, greater than those before; 0 for none."""


class EndDrill(BaseCommand, tag="drill-end"):
    """The drill is over, whoever says so: restore what it touched. Its operation ends when all is as it was."""

    id: str


class AskDrill(BaseCommand, tag="drill-ask"):
    """The runner of a drill has come to what a person has to do, and waits for `ContinueDrill`."""

    id: str
    """Of the operation."""
    question: str
    """What is to be done; "" when nobody is waited for any more."""


class ContinueDrill(BaseCommand, tag="drill-continue"):
    """What a drill waits for is done, whoever says so."""

    id: str
    question: str = ""
    """What is done: refused when another thing is waited for. "" is whatever is waited for now."""


class LockDrills(BaseCommand, tag="drill-lock"):
    """Let no drill begin until that is lifted; one in progress goes on."""


class UnlockDrills(BaseCommand, tag="drill-unlock"):
    """Let drills begin again."""


class Impair(Bound, tag="impair"):
    """Make nodes slow or failing for as long as the drill lasts that they are lent to; ends when that is read back.

    Said again with another fault, it takes the place of the one before.
    """

    nodes: tuple[str, ...]
    fault: Impairment


class Heal(Bound, tag="heal"):
    """Take impairments back before the drill does; ends when that is read back."""

    nodes: tuple[str, ...]


Command = (
    Start
    | Stop
    | Restart
    | Kill
    | Freeze
    | Thaw
    | Drain
    | Resume
    | SetWeight
    | SetPolicy
    | Pause
    | Unpause
    | Apply
    | Scale
    | Failover
    | Failback
    | Down
    | TryAlert
    | BeginDrill
    | KeepDrill
    | EndDrill
    | AskDrill
    | ContinueDrill
    | LockDrills
    | UnlockDrills
    | Impair
    | Heal
    | BreakHop
    | MendHop
)

BoundCommand = Start | Restart | Kill | Freeze | Apply | Failback | Impair | Heal | BreakHop | MendHop
"""Those that can be bound to a drill."""

VERBS: dict[type[Command], Verb] = {
    Start: Verb.START,
    Stop: Verb.STOP,
    Restart: Verb.RESTART,
    Kill: Verb.KILL,
    Freeze: Verb.FREEZE,
    Thaw: Verb.THAW,
    Drain: Verb.DRAIN,
    Resume: Verb.RESUME,
    SetWeight: Verb.WEIGHT,
    SetPolicy: Verb.POLICY,
    Pause: Verb.PAUSE,
    Unpause: Verb.UNPAUSE,
    Apply: Verb.APPLY,
    Scale: Verb.SCALE,
    Failover: Verb.FAILOVER,
    Failback: Verb.FAILBACK,
    Down: Verb.DOWN,
    TryAlert: Verb.ALERT_TEST,
    BeginDrill: Verb.DRILL,
    KeepDrill: Verb.DRILL_KEEP,
    EndDrill: Verb.DRILL_END,
    AskDrill: Verb.DRILL_ASK,
    ContinueDrill: Verb.DRILL_CONTINUE,
    LockDrills: Verb.DRILL_LOCK,
    UnlockDrills: Verb.DRILL_UNLOCK,
    Impair: Verb.IMPAIR,
    Heal: Verb.HEAL,
    BreakHop: Verb.BREAK_HOP,
    MendHop: Verb.MEND_HOP,
}


class Request(Value):
    """A command with who sent it and why: what actually enters `step`."""

    command: Command
    by: str
    reason: str = ""
    confirm: str = ""
    """The fleet's name, typed by somebody who means it: lifts the safety rule on the last serving nodes."""
    proposal: Proposal | None = None
    """What `Apply` or `Scale` come to, read and judged before anything is decided."""
    load: Load | None = None
    """What the nodes carry meanwhile; None when that is not known."""
