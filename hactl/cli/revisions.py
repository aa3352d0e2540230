"""`hactl config diff|apply|history|rollback`: the configuration of a fleet that serves, and what it was before."""

import datetime
import difflib
import json
from pathlib import Path
from typing import Any, get_args

import click

from hactl import config as files
from hactl.cli import drill_notices, output
from hactl.cli.choice import Chosen, choose, ensure_meant, nearest
from hactl.cli.exits import Exit
from hactl.cli.nodes import submit
from hactl.cli.options import changing, config_option, duration, fleet_option, json_option
from hactl.cli.records import journaled
from hactl.core.commands import Apply
from hactl.core.config_events import (
    ConfigTaken,
    FleetFounded,
    RevisionApplied,
    RevisionEvent,
    RevisionProposed,
    RevisionRolledBack,
    RulesTaken,
)
from hactl.core.errors import ConfigError, HactlError
from hactl.core.events import Record
from hactl.core.model import Fleet
from hactl.core.secrets import MASK, masked_spec
from hactl.core.spec import FleetSpec
from hactl.core.talk import Query
from hactl.core.value import Value, replace

KINDS = tuple(kind.__name__ for kind in get_args(RevisionEvent))
_bake_option = click.option(
    "--bake",
    type=duration,
    metavar="DURATION",
    default="2s",
    show_default=True,
    help="How long to watch the traffic once the first node and edge have it.",
)
LONGEST = 10_000
"""Records of configurations that are looked at; a fleet has a few hundred in its life."""


class Revision(Value):
    """One configuration this fleet has had or was about to have."""

    number: int
    wall: float
    """Unix time at which it was proposed or taken."""
    digest: str
    """SHA-256 of what it means to this hactl; "" when values in it are masked."""
    spec: FleetSpec
    seq: int = 0
    """Journal position of that."""
    by: str = ""
    reason: str = ""
    outcome: str = "coming"
    """in force, was in force, taken back, or coming."""
    why: str = ""
    """Why it was taken back."""


@click.command()
@config_option
@fleet_option
@json_option
def diff(config: Path | None, as_json: bool) -> int:
    """Show how the hactl.toml differs from the configuration in force. Exit code 1 if it does."""
    chosen = choose(config)
    _, spec = read(chosen, config)
    fleet = chosen.client.fleet().fleet
    lines = _compared(chosen, fleet, spec, "hactl.toml")
    if as_json:
        output.emit_json({"revision": fleet.revision, "same": not lines, "diff": lines})
    else:
        for line in lines:
            click.echo(line)
        if not lines:
            output.say(f"no difference: revision {fleet.revision} is the same")
    return Exit.FAILED if lines else Exit.OK


@click.command()
@config_option
@_bake_option
@changing
def apply(config: Path | None, bake: float, **options: Any) -> int:
    """Put the hactl.toml into force while the fleet serves.

    It is proved on one node and one edge first, then rolled out to the rest one by one. It is rolled back automatically
    if a process rejects it or clients start seeing worse responses. --dry-run shows what changes and which steps that
    takes.
    """
    chosen = choose(config)
    path, spec = read(chosen, config)
    check_schedules(path, spec)
    fleet = chosen.client.fleet().fleet
    drill_notices.tell(fleet, drill_notices.SHOWS_NOTHING)
    if options["dry_run"] and not options["as_json"]:
        for line in _compared(chosen, fleet, spec, path.name):
            click.echo(line)
    text = files.portable(path, spec)
    command = Apply(text=text, path=str(path.absolute()), base=fleet.revision, bake=bake)
    return submit(chosen, command, **options)


@click.command()
@fleet_option
@json_option
def history(as_json: bool) -> int:
    """List every configuration this fleet has had or was about to have, with who requested it and why."""
    found = revisions(choose())
    if as_json:
        output.emit_json({"revisions": [replace(revision, spec=masked_spec(revision.spec)) for revision in found]})
        return Exit.OK
    rows = [
        (
            str(revision.number),
            datetime.datetime.fromtimestamp(revision.wall).astimezone().strftime("%Y-%m-%d %H:%M:%S"),
            revision.digest[:12],
            revision.outcome,
            revision.by or "the daemon",
            revision.why or revision.reason,
        )
        for revision in found
    ]
    for line in output.table(("REV", "WHEN", "DIGEST", "IS", "BY", "WHY"), rows, right=frozenset({0})):
        click.echo(line)
    return Exit.OK


@click.command()
@click.argument("revision", type=click.IntRange(min=1), required=False)
@_bake_option
@changing
def rollback(revision: int | None, bake: float, **options: Any) -> int:
    """Put an earlier configuration back into force, as a new revision.

    REVISION is its number (see: hactl config history); the default is the one that was in force before the current one.
    """
    chosen = choose()
    fleet = chosen.client.fleet().fleet
    drill_notices.tell(fleet, drill_notices.SHOWS_NOTHING)
    wanted = _wanted(revisions(chosen), revision, fleet.revision)
    if chosen.paths.has_journal:
        ensure_intact(chosen.paths.journal, wanted)
    else:
        _ensure_whole(chosen, wanted)
    options["reason"] = options["reason"] or f"rollback to revision {wanted.number}"
    return submit(chosen, Apply(text=files.dump(wanted.spec), base=fleet.revision, bake=bake), **options)


def read(chosen: Chosen, given: Path | None) -> tuple[Path, FleetSpec]:
    """The file that is meant, and what it says. Raises ConfigError."""
    path = given or chosen.config or nearest()
    if path is None:
        raise ConfigError(
            f"no hactl.toml of fleet '{chosen.name}' in this directory or above", "name it: --config PATH"
        )
    spec = files.load(path)
    ensure_meant(spec.name, path)
    return path, spec


def check_schedules(path: Path, spec: FleetSpec) -> None:
    """Raises ConfigError about schedules in the file that would run something that is not there."""
    if spec.schedules:
        from hactl.drill import schedules

        schedules.check(spec.schedules, str(path))


def _compared(chosen: Chosen, fleet: Fleet, spec: FleetSpec, name: str) -> list[str]:
    """How `spec`, from a file called `name`, differs from what is in force. Reports what cannot be compared."""
    old = in_force(chosen, fleet)
    if _is_masked(old):
        output.say("not compared: literal values in gateway.env, which only the fleet's own user may read")
    return difference(old, spec, f"revision {fleet.revision}", name)


def difference(old: FleetSpec, new: FleetSpec, old_name: str, new_name: str) -> list[str]:
    """A unified diff of two configurations with every default filled in; [] when they mean the same.

    Literal variables are masked; one that changes is marked.
    """
    before, after = files.dump(masked_spec(old)).splitlines(), files.dump(_marked(old, new)).splitlines()
    return list(difflib.unified_diff(before, after, old_name, new_name, lineterm="", n=1))


def _marked(old: FleetSpec, new: FleetSpec) -> FleetSpec:
    shown = masked_spec(new).gateway
    changed = {
        name: f"{MASK} (changed)"
        for name, value in shown.env.items()
        if value == MASK and old.gateway.env.get(name, MASK) not in (MASK, new.gateway.env[name])
    }
    return replace(new, gateway=replace(shown, env=shown.env | changed))


def in_force(chosen: Chosen, fleet: Fleet) -> FleetSpec:
    """What `fleet` has in force, with every value in it; masked when the journal does not go back so far, or is not to
    be read by this user.
    """
    known = {revision.number: revision.spec for revision in revisions(chosen)}
    return known.get(fleet.revision, fleet.spec)


def revisions(chosen: Chosen) -> list[Revision]:
    """Every configuration in the journal, oldest first. Raises HactlError.

    From the daemon, and masked, for members of `fleet.group`, who may not read the journal itself.
    """
    found: dict[int, Revision] = {}
    query = Query(kinds=KINDS, limit=LONGEST)
    for record in journaled(chosen, query) if chosen.paths.has_journal else chosen.client.history(query):
        _note(found, record)
    return list(found.values())


def _note(found: dict[int, Revision], record: Record) -> None:
    event = record.event
    match event:
        case (
            FleetFounded(revision=number, spec=spec)
            | ConfigTaken(revision=number, spec=spec)
            | RulesTaken(revision=number, spec=spec)
        ):
            _past(found)
            found[number] = _revision(record, number, spec, "in force")
        case RevisionProposed(proposal=proposal):
            found[proposal.revision] = _revision(record, proposal.revision, proposal.spec, "coming")
        case RevisionApplied(revision=number) if number in found:
            _past(found)
            found[number] = replace(found[number], outcome="in force")
        case RevisionRolledBack(revision=number, why=why) if number in found:
            found[number] = replace(found[number], outcome="taken back", why=why)
        case _:
            return


def _is_masked(spec: FleetSpec) -> bool:
    return MASK in spec.gateway.env.values()


def _past(found: dict[int, Revision]) -> None:
    for number, revision in found.items():
        if revision.outcome == "in force":
            found[number] = replace(revision, outcome="was in force")


def _revision(record: Record, number: int, spec: FleetSpec, outcome: str) -> Revision:
    return Revision(
        number=number,
        wall=record.wall,
        digest="" if _is_masked(spec) else files.digest(spec),
        spec=spec,
        seq=record.seq,
        by=record.by,
        reason=record.reason,
        outcome=outcome,
    )


def numbered(known: list[Revision], number: int) -> Revision:
    """The revision of that number. Raises HactlError when there is none."""
    for revision in known:
        if revision.number == number:
            return revision
    raise HactlError(f"no revision {number}", "hactl config history")


def _wanted(known: list[Revision], number: int | None, current: int) -> Revision:
    """The revision to go back to. Raises HactlError."""
    if number is not None:
        return numbered(known, number)
    earlier = [revision for revision in known if revision.outcome == "was in force"]
    if not earlier:
        raise HactlError(f"nothing was in force before revision {current}", "hactl config history")
    return earlier[-1]


def _ensure_whole(chosen: Chosen, revision: Revision) -> None:
    """Raises HactlError when a revision, as the daemon gives it, is not all of what was proposed."""
    given = chosen.client.history(Query(after=revision.seq - 1, kinds=KINDS, limit=1))
    proposed = given[0].event if given and given[0].seq == revision.seq else None
    digest = proposed.proposal.digest if isinstance(proposed, RevisionProposed) else ""
    if _is_masked(revision.spec) or (digest and files.digest(revision.spec) != digest):
        raise HactlError(
            f"revision {revision.number} can be put back only by the fleet's own user, who may read the journal",
            "run this as the user who started the fleet",
        )


def ensure_intact(journal: Path, revision: Revision) -> None:
    """Raises HactlError when a revision is not what it was when it was proposed.

    By what the journal holds, not by what it means now: an older hactl did not know every key of this one.
    """
    from hactl.store.journal import SqliteJournal

    with SqliteJournal.open_read_only(journal) as opened:
        event = json.loads(opened.written(revision.seq))["event"]
    proposal = event.get("proposal", {})
    # a revision that began with a start has no digest, nor has the daemon's own undo
    if proposal.get("digest") and files.digest(proposal["spec"]) != proposal["digest"]:
        raise HactlError(
            f"revision {revision.number} is damaged: it does not match its digest",
            "hactl config history, choose another",
        )
