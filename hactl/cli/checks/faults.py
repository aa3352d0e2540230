"""Which faults drills can do on this machine, and which are only emulated. The table is `drill.availability`."""

from collections.abc import Iterator

from hactl.cli.checks.finding import Finding, Subject


def faults(subject: Subject) -> Iterator[Finding]:
    """One line for each kind. What is missing is no fault of the machine: drills that need it say so."""
    from hactl.drill.availability import Reality, available

    state = subject.chosen.paths.state if subject.chosen is not None else None
    for line in available(state):
        yield Finding(check=f"fault {line.kind}", ok=True, absent=line.reality is Reality.UNAVAILABLE, found=str(line))
