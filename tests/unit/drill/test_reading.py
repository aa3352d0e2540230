"""A drill file: what it may say, and what is said about one that is wrong."""

import pytest

from hactl.core.errors import ConfigError
from hactl.core.impairment import Impairment
from hactl.drill.definition import (
    Availability,
    BudgetShare,
    CanaryStore,
    Connections,
    Fault,
    FaultKind,
    ManualStep,
    Probe,
    Target,
)
from hactl.drill.reading import parse

PLAIN = """
schema = 1
name = "mine"
title = "Mine"

[[fault]]
type = "process.kill"
target = { nodes = 1 }
"""
WHOLE = """
schema = 1
name = "all-of-it"
title = "Everything there is"
tags = ["a", "b"]

[limits]
max_faulted_share = "1/3"
min_healthy_nodes = 2
min_healthy_regions = 1
max_duration = "3m"
lease = "5s"
requires = ["no_other_drill", "steady>=15s"]
[[limits.abort_when]]
probe = "availability"
below = 0.5
window = "5s"
for = "3s"

[load]
rate = 500
timeout = "1s"
route = "/x"

[canary]
rate = 50

[phases]
baseline = "20s"
hold = "30s"
settle = "30s"
failback = false

[[hypothesis]]
probe = "availability"
min = 0.999
[[hypothesis]]
probe = "latency_p99"
max = "50ms"
max_ratio = 1.5

[[fault]]
type = "process.kill"
target = { region = "random", nodes = "all" }
keep_down = true
[[fault]]
type = "process.freeze"
target = { names = ["edge-1"] }
at = "5s"

[objectives]
detect = "1s"
rto = "3s"
availability = { min = 0.995, window = "20s" }
failed = 0
latency_p99_ratio = 2
budget_share = { max = 0.0005, window = "7d" }
rollback_clean = true
"""


def test_a_file_of_one_fault_is_a_drill() -> None:
    """Everything else has a default."""
    drill = parse(PLAIN, "mine.toml")
    assert drill.faults == (Fault(kind=FaultKind.KILL, target=Target(nodes=1)),)
    assert [rule.probe for rule in drill.hypotheses] == [Probe.AVAILABILITY]
    assert len(drill.digest) == 64


def test_clients_keep_their_connections_unless_they_are_to_come_anew() -> None:
    assert parse(PLAIN, "mine.toml").load.connections is Connections.KEPT
    assert parse(PLAIN, "mine.toml", ("load.connections=fresh",)).load.connections is Connections.FRESH
    with pytest.raises(ConfigError, match=r"load\.connections: wants one of"):
        parse(PLAIN, "mine.toml", ("load.connections=new",))


def test_every_store_is_looked_in_unless_some_are_named() -> None:
    drill = parse(PLAIN, "mine.toml", ('canary.stores=["revisions"]',))
    assert drill.canary.stores == (CanaryStore.REVISIONS,)
    assert parse(PLAIN, "mine.toml").canary.stores == tuple(CanaryStore)
    with pytest.raises(ConfigError, match=r'canary\.stores: wants one of "journal", "revisions"'):
        parse(PLAIN, "mine.toml", ('canary.stores=["sessions"]',))
    with pytest.raises(ConfigError, match=r"objectives\.rpo_records: needs a store to look in"):
        parse(PLAIN, "mine.toml", ("canary.stores=[]", "objectives.rpo_records=0"))


def test_every_key_arrives_where_it_belongs() -> None:
    drill = parse(WHOLE, "all.toml")
    assert drill.limits.max_faulted_share == 1 / 3
    assert drill.limits.lease == 5.0
    assert (drill.limits.abort_when[0].below, drill.limits.abort_when[0].lasting) == (0.5, 3.0)
    assert (drill.load.rate, drill.load.timeout, drill.load.route) == (500.0, 1.0, "/x")
    assert (drill.phases.baseline, drill.phases.failback) == (20.0, False)
    assert drill.limits.requires == ("no_other_drill", "steady>=15s")
    assert (drill.hypotheses[1].most, drill.hypotheses[1].ratio) == (0.05, 1.5)
    assert drill.objectives.latency_ratio == 2.0
    assert drill.objectives.budget_share == BudgetShare(most=0.0005, slo=0.999, window=7 * 86400.0)
    assert drill.faults[0] == Fault(kind=FaultKind.KILL, target=Target(nodes=0, region="random"), keep_down=True)
    assert drill.faults[1].at == 5.0
    assert drill.objectives.availability == Availability(least=0.995, window=20.0)


@pytest.mark.parametrize(
    ("change", "said", "hint"),
    [
        (("name = ", "nam = "), "mine.toml: name is missing", ""),
        (("[[fault]]", "[objectives]\nrtoo = '1s'\n[[fault]]"), "objectives.rtoo: unknown key", 'did you mean "rto"?'),
        (("process.kill", "process.kil"), "fault[1].type: wants one of", "did you mean"),
        (
            ("{ nodes = 1 }", "{ nodes = ['a-1'] }"),
            "fault[1].target.nodes: wants a whole number",
            "to name nodes, use names",
        ),
        (("{ nodes = 1 }", "{ }"), "fault[1].target: names no target", "nodes, edges, names or a service"),
        (("{ nodes = 1 }", "{ region = 'a' }"), "fault[1].target: names no target", 'add nodes = "all"'),
        (("{ nodes = 1 }", "{ nodes = 1, names = ['a'] }"), "fault[1].target: selects targets in two ways", "leave"),
        (("{ nodes = 1 }", "{ nodes = 1, edges = 1 }"), "selects targets in two ways: nodes and edges", "leave one"),
        (("{ nodes = 1 }", "{ edges = 1, region = 'a' }"), "target.region: does not apply to edges", "leave it out"),
        (
            ("{ nodes = 1 }", "{ names = ['a'], region = 'a' }"),
            "target.region: does not apply to names",
            "leave it out",
        ),
        (("{ nodes = 1 }", "3"), "fault[1].target: wants a table", "like target"),
        (("{ nodes = 1 }", "{ nodes = 0 }"), "fault[1].target.nodes: wants a whole number from 1", ""),
        (("[[fault]]", "[phases]\nhold = '1h'\n[[fault]]"), "phases: its phases take", "limits.max_duration"),
        (("[[fault]]", "[phases]\nhold = 5\n[[fault]]"), "phases.hold: wants a duration", "write a number and a unit"),
        (
            ("[[fault]]", "[objectives]\nfailed_with_retries = 0\n[[fault]]"),
            "needs clients that retry",
            "load.retries",
        ),
        (("[[fault]]", "[objectives]\nrecovered = '1s'\n[[fault]]"), "needs a fault that ends before", "for ="),
        (
            ("[[fault]]", "[objectives]\nrecovered = '1s'\n[[fault]]\ntype = 'daemon.kill'\nfor = '3s'\n[[fault]]"),
            "needs a fault that ends before",
            "for =",
        ),
        (
            ("[[fault]]", "[objectives]\nothers_availability = 1.0\n[[fault]]"),
            "needs clients of another route",
            "load.others",
        ),
        (("[[fault]]", "[load]\nothers = 'x'\n[[fault]]"), "load.others: wants a path that begins with /", ""),
        (("[[fault]]", "[objectives]\nherd = 2\n[[fault]]"), "herd: has nothing to measure", "upstream.down with for"),
        (("[[fault]]", "[objectives]\nturns = 2\n[[fault]]"), "turns: has nothing to measure", 'nodes = "all"'),
        (
            ("{ nodes = 1 }", "{ edges = 1 }\n[objectives]\nshifted = '1s'"),
            "shifted: has nothing to measure",
            "nodes = 1",
        ),
        (
            ("[[fault]]", "[objectives]\ngoodput = 0.9\n[[fault]]"),
            "objectives.goodput: has nothing to measure",
            "load.surge",
        ),
        (
            ("[[fault]]", "[objectives]\nrefused_p99 = '1s'\n[[fault]]"),
            "refused_p99: has nothing to measure",
            "load.surge",
        ),
        (("[[fault]]", "[objectives]\nadopted = '1s'\n[[fault]]"), "adopted: has nothing to measure", "daemon.kill"),
        (
            ("[[fault]]", "[objectives]\nrefused = true\n[[fault]]"),
            "refused: has nothing to measure",
            'change = "invalid"',
        ),
        (
            ("[[fault]]", "[objectives]\nnodes_reached = 1\n[[fault]]"),
            "nodes_reached: has nothing to measure",
            "wrong-port",
        ),
        (("[[fault]]", "[objectives]\nreverted = '1s'\n[[fault]]"), "reverted: has nothing to measure", "wrong-port"),
        (("[[fault]]", "[load]\nrate = 10\n[objectives]\nrto = '100ms'\n[[fault]]"), "load.rate: 10 requests/s", "500"),
        (
            ("[[fault]]", "[objectives]\nrto = '1ms'\n[[fault]]"),
            "cannot measure an rto of 0.001 s, and no load can",
            "at least 10ms, which takes load.rate = 5000",
        ),
        (("[[fault]]", "[[hypothesis]]\nprobe = 'availability'\n[[fault]]"), "hypothesis[1]: sets no limit", "min"),
        (("[[fault]]", "extends = 'x'\n[[fault]]"), 'extends: no drill "x" is known here', "drill list"),
        (("[[fault]]", "[[rollback]]\ndo = 'x'\n[[fault]]"), "rollback: is not needed", "leave it out"),
        (
            ("[[fault]]", "[limits]\nrequires = ['verified_backup_age<=24h']\n[[fault]]"),
            "limits.requires: this hactl cannot check",
            "known: no_other_drill, steady>=15s",
        ),
        (
            ("[[fault]]", "[limits]\nrequires = ['steady>=30s']\n[[fault]]"),
            "phases.baseline: 15 s is too short for limits.requires",
            "at least 30 s",
        ),
        (
            ("[[fault]]", "[[hypothesis]]\nprobe = 'availability'\nmax_ratio = 1.5\n[[fault]]"),
            "hypothesis[1].max_ratio: is for latencies only",
            "",
        ),
        (("[[fault]]", "[objectives]\nbudget_share = { max = 0.1, slo = 1 }\n[[fault]]"), "an slo of 1", "less than 1"),
        (("[[fault]]", "[objectives]\nbudget_share = { most = 0.1 }\n[[fault]]"), "budget_share: wants", ""),
        (("[[fault]]", "[canary]\nrate = 1\n[limits]\nlease = '1s'\n[[fault]]"), "canary.rate: a heartbeat", "3.0"),
        (("schema = 1", "schema = 2"), "schema: wants a whole number from 1 to 1", ""),
        (("schema = 1", "schema ="), "mine.toml:2:9: not valid TOML", ""),
        (("[[fault]]", "name = 'twice'\n[[fault]]"), "not valid TOML", "appears twice in the file"),
    ],
)
def test_what_is_wrong_is_said_with_path_cause_and_hint(change: tuple[str, str], said: str, hint: str) -> None:
    """In one line, beginning with the file."""
    with pytest.raises(ConfigError) as error:
        parse(PLAIN.replace(*change), "mine.toml")
    assert error.value.message.startswith("mine.toml")
    assert said in error.value.message
    assert hint in error.value.hint


def test_a_drill_without_a_fault_shows_nothing() -> None:
    with pytest.raises(ConfigError, match="fault: a drill needs at least one fault"):
        parse('schema = 1\nname = "mine"\ntitle = "Mine"\n', "mine.toml")


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(ConfigError) as error:
        parse("schema = 1\nnam = 'x'\n", "mine.toml")
    assert len(error.value.also) == 3


def test_settings_change_what_the_file_says() -> None:
    """Values are TOML, or text without its quotes; and the digest tells."""
    drill = parse(PLAIN, "mine.toml", ("objectives.rto=2s", "load.rate = 300", 'title="Other"'))
    assert (drill.objectives.rto, drill.load.rate, drill.title) == (2.0, 300.0, "Other")
    assert drill.digest != parse(PLAIN, "mine.toml").digest


@pytest.mark.parametrize("setting", ["objectives.rto", "=1", "a..b=1", "fault.type=x", "title.x=1", "schema=1"])
def test_a_setting_that_means_nothing_is_refused(setting: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse(PLAIN, "mine.toml", (setting,))
    assert error.value.message.startswith(f"--set {setting}")
    assert error.value.hint


def test_a_setting_is_held_to_the_same_rules() -> None:
    with pytest.raises(ConfigError, match=r"objectives\.rto: wants a duration"):
        parse(PLAIN, "mine.toml", ("objectives.rto=soon",))


RESTART = PLAIN.replace("process.kill", "process.restart")
FREEZE = PLAIN.replace("process.kill", "process.freeze")
KILL_DAEMON = """
schema = 1
name = "mine"
title = "Mine"

[[fault]]
type = "daemon.kill"
"""
IMPAIR = """
schema = 1
name = "mine"
title = "Mine"

[[fault]]
type = "node.impair"
target = { nodes = 1 }
"""


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        ('delay = "300ms"', Impairment(delay=0.3, delayed=100)),
        ('delay = "1s"\ndelayed = "1/4"', Impairment(delay=1.0, delayed=25)),
        ("failed = 0.2", Impairment(failed=20)),
        ('delay = "50ms"\nfailed = 1\nstatus = 500', Impairment(delay=0.05, delayed=100, failed=100, status=500)),
    ],
)
def test_an_impairment_says_what_requests_suffer(lines: str, fault: Impairment) -> None:
    """A delay is one of all requests, unless the file says of how many."""
    assert parse(IMPAIR + lines, "mine.toml").faults[0].impairment == fault


def test_an_impairment_may_end_before_the_failback() -> None:
    assert parse(IMPAIR + 'failed = 0.2\nfor = "5s"', "mine.toml").faults[0].lasting == 5.0
    assert parse(IMPAIR + "failed = 0.2", "mine.toml").faults[0].lasting is None


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        (IMPAIR, "fault[1]: impairs no request", "delay"),
        (IMPAIR + "failed = 0", "fault[1]: impairs no request", "delay"),
        (IMPAIR + "failed = 2", "fault[1].failed: wants a number from 0 to 1", ""),
        (IMPAIR + "delayed = 0.5\nfailed = 1", "fault[1].delayed: is a share without a delay", "300ms"),
        (IMPAIR + 'delay = "2m"', "fault[1].delay: wants a duration", ""),
        (IMPAIR + "failed = 1\nstatus = 99", "fault[1].status: wants a whole number from 200 to 599", ""),
        (IMPAIR + "failed = 1\nkeep_down = true", "fault[1].keep_down: does not apply", "leave it out"),
        (IMPAIR + 'failed = 1\nfor = "1m"', "fault[1].for: ends after the end of the hold", "at most 15 s"),
        (KILL_DAEMON + 'for = "3m"', "fault[1].for: leaves the fleet without a daemon for too long", "at most 120 s"),
        (PLAIN + 'delay = "1s"', "fault[1].delay: does not apply to a process.kill", "node.impair"),
        (PLAIN + 'for = "1s"', "fault[1].for: does not apply to a process.kill", "node.impair"),
        (RESTART + "keep_down = true", "fault[1].keep_down: does not apply to a process.restart", "process.kill"),
        (
            FREEZE + "keep_down = true",
            "fault[1].keep_down: does not apply to a process.freeze",
            "it applies to: process.kill",
        ),
        (IMPAIR + 'dealy = "1s"', "fault[1].dealy: unknown key", 'did you mean "delay"?'),
    ],
)
def test_an_impairment_that_makes_no_sense_is_refused(text: str, said: str, hint: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse(text, "mine.toml")
    assert said in error.value.message
    assert hint in error.value.hint


@pytest.mark.parametrize("control", ["\\u001B", "\\u009B", "\\n", "\\u007F"])
def test_words_of_a_drill_cannot_drive_a_terminal(control: str) -> None:
    """They are shown on every screen, and written into logs."""
    with pytest.raises(ConfigError, match=r"step\[1\]\.manual: wants some text in one line"):
        parse(PLAIN + f'[[step]]\nmanual = "pull {control} it"\n', "mine.toml")
    with pytest.raises(ConfigError, match=r"title: wants some text in one line"):
        parse(PLAIN.replace("Mine", f"Mi{control}ne"), "mine.toml")
    assert parse(PLAIN.replace("Mine", "Schlüssel\\tzwei"), "mine.toml").title == "Schlüssel\tzwei"


def test_what_a_person_does_comes_after_the_faults_and_counts_for_how_long_a_drill_may_take() -> None:
    step = '[[step]]\nmanual = "switch the record"\n'
    drill = parse(PLAIN + step + 'at = "2s"\nwithin = "90s"\n', "mine.toml")
    assert drill.steps == (ManualStep(manual="switch the record", at=2.0, within=90.0),)
    assert drill.length == parse(PLAIN, "mine.toml").length + 90.0
    late = PLAIN.replace("[[fault]]", '[[fault]]\nat = "3s"') + step
    with pytest.raises(ConfigError, match=r"step\[1\].at: must be after the last fault \(3 s\)"):
        parse(late, "mine.toml")
    with pytest.raises(ConfigError, match=r"step\[1\].manual is missing"):
        parse(PLAIN + "[[step]]\n", "mine.toml")
    with pytest.raises(ConfigError, match=r"more than limits\.max_duration"):
        parse(PLAIN + step + 'within = "5m"\n', "mine.toml")


def test_a_drill_that_its_own_limit_would_end_before_its_time_is_refused() -> None:
    """The fleet is lent from before the load starts until it is given back: phases alone would take all of it, and
    every run would be taken back its fleet."""
    phases = '[phases]\nbaseline = "15s"\nhold = "15s"\nsettle = "10s"\n[limits]\nmax_duration = "{}"\n'
    with pytest.raises(ConfigError, match=r"phases: .* 40 s, and start .* 30 s: more than limits.max_d") as refused:
        parse(PLAIN + phases.format("69s"), "mine.toml")
    assert refused.value.hint.endswith('set limits.max_duration = "70s"')
    assert parse(PLAIN + phases.format("70s"), "mine.toml").needs == 70.0
