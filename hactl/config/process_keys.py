"""The keys that say how processes are run, watched and recorded. Not how traffic flows: `traffic_keys`."""

from hactl.config import kinds, quantities
from hactl.config.overlay import overlay
from hactl.config.table import Key, Table
from hactl.config.traffic_keys import MAX_NODES, name
from hactl.core.spec import (
    FleetSpec,
    GatewayKind,
    GatewaySpec,
    HealthSpec,
    JournalSpec,
    LogsSpec,
    ProbeKind,
    RestartSpec,
    SafetySpec,
)

_up_to_an_hour = quantities.duration("0s", "1h")
_beat = quantities.duration("10ms", "1m")


FLEET = Table(
    name="fleet",
    doc="The fleet as a whole.",
    blank=FleetSpec(),
    keys=(
        Key(name="name", kind=name, doc="its name in commands, and of its state directory"),
        Key(
            name="state_dir",
            kind=kinds.directory(),
            doc='where journal, logs and documents go; "" for the default place below the user\'s state directory',
        ),
        Key(
            name="ports",
            kind=quantities.span(1024, 65_535, "ports", "20000-27999"),
            doc="where node ports are taken from; best below the kernel's ephemeral ports",
        ),
        Key(
            name="group",
            kind=kinds.text("the name of a Unix group", r"(?:[A-Za-z_][A-Za-z0-9_.-]{0,31})?"),
            doc='members of this Unix group may operate the fleet, too; "": only its user and root',
        ),
    ),
)

GATEWAY = Table(
    name="gateway",
    doc="What a node runs.",
    blank=GatewaySpec(),
    into="gateway",
    keys=(
        Key(name="kind", kind=kinds.choice(GatewayKind), doc="an Envoy that hactl configures, or your own command"),
        Key(
            name="command",
            kind=kinds.many(kinds.text("text"), "arguments"),
            doc='what to run for kind = "command"; {port} {address} {name} {region} {dir} are filled in',
        ),
        Key(name="stop_signal", kind=kinds.signal_name(), doc="the signal that asks a node to stop"),
        Key(name="stop_timeout", kind=_up_to_an_hour, doc="from that signal until KILL; also the deadline of a drain"),
        Key(
            name="start_timeout",
            kind=quantities.duration("100ms", "1h"),
            doc="how long a node may take to become ready",
        ),
        Key(
            name="capacity",
            kind=kinds.whole(1, 1_000_000, off=True),
            doc="requests per second that one node can carry; 0: the most that a node has been seen to sustain",
        ),
        Key(
            name="directory",
            kind=kinds.directory(),
            doc='where a command runs and relative paths start; "" for the directory of this file',
        ),
        Key(
            name="envoy_overlay",
            kind=overlay(),
            from_file=True,
            doc='a JSON file that is merged over what hactl writes for Envoy: {"edge": {"http": ...}, "node": ...}',
        ),
        Key(
            name="env",
            kind=kinds.environment(),
            doc='variables added to its environment, with the same placeholders; secrets as "env:NAME" or "file:PATH"',
        ),
    ),
)

HEALTH = Table(
    name="health",
    doc="How the health of nodes is checked.",
    blank=HealthSpec(),
    into="health",
    keys=(
        Key(name="kind", kind=kinds.choice(ProbeKind), doc="how to check"),
        Key(
            name="path",
            kind=kinds.text('a path that begins with "/", without blanks', r"/[^\s#\x00-\x1f\x7f]*"),
            doc="what to request over http",
            command_default="/",
        ),
        Key(
            name="expect",
            kind=quantities.span(100, 599, "status codes", "200-299"),
            doc="the status codes of a healthy node",
        ),
        Key(name="interval", kind=quantities.duration("10ms", "1h"), doc="between two checks of a node by an edge"),
        Key(name="timeout", kind=_beat, doc="how long an edge waits for the answer"),
        Key(name="unhealthy_threshold", kind=kinds.whole(1, 100), doc="failures in a row that take a node out"),
        Key(name="healthy_threshold", kind=kinds.whole(1, 100), doc="successes in a row that bring it back"),
        Key(name="probe", kind=_beat, doc="between two probes of a node by the daemon", command_default=0.25),
        Key(
            name="hang_grace",
            kind=_up_to_an_hour,
            doc="how long a node that is alive may be silent before it is killed",
            command_default=5.0,
        ),
        Key(
            name="slow_start",
            kind=_up_to_an_hour,
            doc='a new node gets its full share only after this; "0s": immediately',
        ),
        Key(
            name="slow_weight",
            kind=kinds.whole(1, 100),
            doc="percent of its weight that a node keeps while it is far slower than its peers; 100: only report it",
        ),
    ),
)

RESTART = Table(
    name="restart",
    doc="How a process that died is restarted.",
    blank=RestartSpec(),
    into="restart",
    keys=(
        Key(
            name="initial",
            kind=quantities.duration("0s", "1h", auto=True),
            doc='delay before the first restart; "auto": none after a minute of life or a first good run, else base',
        ),
        Key(name="base", kind=quantities.duration("10ms", "1h"), doc="delay before the second; doubles each time"),
        Key(name="max", kind=quantities.duration("10ms", "1d"), doc="the longest delay"),
        Key(
            name="budget",
            kind=kinds.inline(
                {
                    "restarts": (kinds.whole(1, 1000), RestartSpec().budget),
                    "window": (quantities.duration("1s", "1d"), RestartSpec().window),
                }
            ),
            fields=("budget", "window"),
            doc="this many restarts within the window are a crash loop: one attempt per window from then on",
        ),
    ),
)

SAFETY = Table(
    name="safety",
    doc="Rules that every command must pass, whoever sends it.",
    blank=SafetySpec(),
    into="safety",
    keys=(
        Key(
            name="min_serving_nodes",
            kind=kinds.whole(0, MAX_NODES),
            doc="commands must leave at least this many nodes serving",
        ),
        Key(
            name="min_serving_regions",
            kind=kinds.whole(0, MAX_NODES),
            doc="the same for regions: this many must keep serving",
        ),
        Key(
            name="max_unhealthy_share",
            kind=quantities.proportion(),
            doc="the daemon takes out at most this share of the nodes for failed probes alone",
        ),
        Key(name="read_only", kind=kinds.flag(), doc="refuse every command that would change something"),
        Key(
            name="max_faulted_share",
            kind=quantities.proportion(),
            doc="no drill touches more than this share of the nodes, or of the edges",
        ),
        Key(name="max_drill", kind=quantities.duration("10s", "1d"), doc="any drill is ended after this"),
        Key(
            name="scheduled_drills",
            kind=kinds.flag(),
            doc="drills may be started by a [[schedule]], with nobody present",
        ),
    ),
)

LOGS = Table(
    name="logs",
    doc="How much of each process's own log is kept.",
    blank=LogsSpec(),
    into="logs",
    keys=(
        Key(name="max_size", kind=quantities.size("64KiB", "16GiB"), doc="a log is rotated at this size"),
        Key(name="keep", kind=kinds.whole(1, 100), doc="how many rotated files are kept"),
        Key(name="max_age", kind=quantities.duration("1h", "3650d"), doc="how long rotated files are kept"),
    ),
)

JOURNAL = Table(
    name="journal",
    doc="The record of everything that happened.",
    blank=JournalSpec(),
    into="journal",
    keys=(
        Key(name="max_age", kind=quantities.duration("1h", "3650d"), doc="how long records and measurements are kept"),
        Key(
            name="max_size",
            kind=quantities.size("1MiB", "64GiB"),
            doc="beyond this size the oldest records are removed, and likewise the oldest measurements",
        ),
        Key(
            name="checkpoint_every",
            kind=kinds.whole(1, 100_000),
            doc="records between two checkpoints: the most that a start has to replay",
        ),
    ),
)
