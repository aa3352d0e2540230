"""`hactl drill`: break the fleet on purpose, measure what clients saw, and see that everything was put back.

Not what its verbs do: each stands in a module beside this one, and whoever stops a drill waits for none of the others.
"""

import click

from hactl.cli.verbs import Table, Verbs

DRILL: Table = {
    "board": ("hactl.cli.drill_board", "Show how ready the fleet is: for every drill its last pass."),
    "compare": ("hactl.cli.drill_board", "Put two runs, or the runs of two drills, side by side."),
    "continue": ("hactl.cli.drill_hands:continue_", "Tell a drill that what it waits for is done."),
    "export": ("hactl.cli.drill_export", "Write a drill as an experiment of the Chaos Toolkit."),
    "list": ("hactl.cli.drill_list:list_", "List the drills that come with hactl, and how each went last."),
    "plan": ("hactl.cli.drill_plan", "Say what a drill would do; change nothing."),
    "recover": ("hactl.cli.drill_recover", "Finish drills whose runner died."),
    "report": ("hactl.cli.drill_report", "Show the report on a run."),
    "run": ("hactl.cli.drill_run", "Run a drill, and report."),
    "schedule": ("hactl.cli.drill_schedule", "Show what is scheduled: when next, and what became of it last."),
    "show": ("hactl.cli.drill_list", "Show a drill."),
    "stop": ("hactl.cli.drill_hands", "Stop the drill in progress."),
    "unlock": ("hactl.cli.drill_hands", "Let drills begin again after: hactl drill stop --lock."),
}
"""Every verb about drills."""


@click.group(cls=Verbs, table=DRILL)
def drill() -> None:
    """Break the fleet on purpose, measure what clients saw, put everything back.

    A drill is a file: faults, phases, limits and objectives. Exit codes of `run`: 0 passed, 1 an objective was missed
    or the drill broke, 5 it may not be begun, 10 inconclusive, 11 aborted, 12 not clean, 130 interrupted and put back.
    """
