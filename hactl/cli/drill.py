"""`hactl drill`: break the fleet on purpose, measure what clients saw, and see that everything was restored.

Not what its verbs do: each has a module of its own, so that stopping a drill waits for none of the others to load.
"""

import click

from hactl.cli.verbs import Table, Verbs

DRILL: Table = {
    "board": ("hactl.cli.drill_board", "Show how ready the fleet is: when each drill last passed."),
    "compare": ("hactl.cli.drill_board", "Compare two runs, or the runs of two drills."),
    "continue": ("hactl.cli.drill_hands:continue_", "Confirm that the manual step a drill waits for is done."),
    "export": ("hactl.cli.drill_export", "Export a drill as a Chaos Toolkit experiment."),
    "list": ("hactl.cli.drill_list:list_", "List the built-in drills and how each last went."),
    "plan": ("hactl.cli.drill_plan", "Show what a drill would do; change nothing."),
    "recover": ("hactl.cli.drill_recover", "Finish drills whose runner died."),
    "report": ("hactl.cli.drill_report", "Show the report of a run."),
    "run": ("hactl.cli.drill_run", "Run a drill and report."),
    "schedule": ("hactl.cli.drill_schedule", "Show scheduled drills: when they run next, and how they last went."),
    "show": ("hactl.cli.drill_list", "Show the definition of a drill."),
    "stop": ("hactl.cli.drill_hands", "Stop the drill in progress."),
    "unlock": ("hactl.cli.drill_hands", "Allow drills again after: hactl drill stop --lock."),
}
"""Every verb about drills."""


@click.group(cls=Verbs, table=DRILL)
def drill() -> None:
    """Break the fleet on purpose, measure what clients saw, and restore everything.

    A drill is a file: faults, phases, limits and objectives. Exit codes of `run`: 0 passed, 1 an objective was missed
    or the drill broke, 5 refused, 10 inconclusive, 11 aborted, 12 not clean, 130 interrupted and restored.
    """
