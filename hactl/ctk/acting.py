"""The actions of the Chaos Toolkit, and what they remember between two calls: the toolkit keeps no state itself.

Each raises HactlError if it failed, which the Chaos Toolkit writes to its journal before it continues.
"""

import atexit
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import msgspec

from hactl.core.errors import HactlError
from hactl.core.signature import LABEL
from hactl.ctk.borrowing import BY, Borrowed
from hactl.ctk.finding import found, wanted
from hactl.ctk.running import run

_DETAILS = frozenset({"series", "timeline", "evidence", "definition", "plan"})
"""Parts of a report that are not copied into the journal of an experiment."""


class Memory:
    """What was asked of hactl in this process."""

    def __init__(self) -> None:
        self.borrowed: Borrowed | None = None
        self.wrong: list[str] = []
        """What was asked for and not done."""

    def give_back(self, *, in_haste: bool = False) -> tuple[str, ...]:
        """Undo what is done; what is left behind."""
        borrowed, self.borrowed = self.borrowed, None
        return borrowed.undo(in_haste=in_haste) if borrowed is not None else ()

    @contextmanager
    def noting(self) -> Iterator[None]:
        """What fails in the block, in whatever way, was asked for and not done."""
        try:
            yield
        except Exception as error:
            self.wrong.append(str(error) or type(error).__name__)
            raise


MEMORY = Memory()


def inject(
    drill: str = "",
    seed: int = 0,
    settings: Sequence[str] = (),
    fleet: str = "",
    config: str = "",
    configuration: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Do the faults of `drill` (a built-in one, or the path of a file), each read back from the very process that was
    meant. Without a name, those of the drill in the experiment's configuration, where `hactl drill export` puts it.

    Clients ask as in the drill until its hold is over. When they suffer more than its limits.abort_when allows, or
    somebody stops the drill, everything is put back at once. `settings` change the drill, like `--set`. What was done
    is undone by `undo`, and by the daemon when this process ends.
    """
    with MEMORY.noting():
        if MEMORY.borrowed is not None:
            raise HactlError("faults of a drill are already in effect", "one inject, then one undo")
        borrowed = Borrowed(found(fleet, config).paths, wanted(drill, settings, configuration), seed)
        struck = borrowed.inject()
    MEMORY.borrowed = borrowed
    answer: dict[str, Any] = msgspec.to_builtins(struck)
    return answer


def undo() -> dict[str, Any]:
    """Put everything back that `inject` has done, and see that nothing is left. Does nothing when there is nothing."""
    lost = MEMORY.borrowed.lost if MEMORY.borrowed is not None else ""
    with MEMORY.noting():
        left = MEMORY.give_back()
        if left:
            raise HactlError(f"left behind: {'; '.join(left)}", "hactl status")
    return {"left": [], "taken_back_before": lost}


def run_drill(
    drill: str,
    seed: int | None = None,
    settings: Sequence[str] = (),
    fleet: str = "",
    config: str = "",
    expected: Sequence[str] = ("pass",),
) -> dict[str, Any]:
    """Run a whole drill, and give back its verdict, objectives and figures; any verdict but those `expected` fails.

    It is stopped, and puts everything back, when the experiment is interrupted or this process ends."""
    with MEMORY.noting():
        chosen = found(fleet, config)
        arguments = ["--fleet", chosen.name, "drill", "run", drill, "--json"]
        arguments += ["--seed", str(seed)] if seed is not None else []
        arguments += [part for setting in settings for part in ("--set", setting)]
        where = chosen.config.parent if chosen.config is not None else None
        done = run(arguments, where, os.environ | {LABEL: BY})
        try:
            report: dict[str, Any] = json.loads(done.stdout)
        except ValueError as error:
            said = done.stderr.decode(errors="replace").strip().splitlines()
            why = said[-1] if said else "it printed nothing"
            raise HactlError(f"drill {drill} was not run (exit code {done.returncode}): {why}") from error
        if report["verdict"] not in expected or not report["clean"]:
            told = f"drill {drill}: {report['verdict']}: {report['why']}"
            raise HactlError(told, f"hactl drill report {report['identity']['run']}")
    return {name: value for name, value in report.items() if name not in _DETAILS}


@atexit.register
def _leave() -> None:
    """An experiment that was interrupted plays no rollbacks. Where this does not come to it, the daemon does."""
    with suppress(HactlError):
        MEMORY.give_back(in_haste=True)
