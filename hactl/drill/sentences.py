"""A run in plain sentences, for screen readers and logs: what is new since the last time. Pure."""

from collections.abc import Iterator

from hactl.core.value import Value
from hactl.drill.clocks import Mark, rpo, rto
from hactl.drill.course import Course


class Sentence(Value):
    """One of them."""

    wall: float
    """Unix time of what it tells."""
    text: str


def news(before: Course | None, now: Course) -> tuple[Sentence, ...]:
    """What a run has said since it was `before`; None when nobody has listened yet: then where it stands."""
    return tuple(_news(before, now))


def _news(before: Course | None, now: Course) -> Iterator[Sentence]:
    name = f"drill {now.definition.name}"
    if before is None or before.run != now.run:
        if now.going:
            known = now.told[-1:]
            yield Sentence(
                wall=_wall(now, known[0].at if known else None), text=f"{name} is in progress: phase {now.phase}"
            )
    else:
        for one in now.told[len(before.told) :]:
            yield Sentence(wall=_wall(now, one.at), text=f"{name}: {one.text}")
        if before.going and not now.going:
            yield Sentence(wall=_wall(now, now.told[-1].at if now.told else None), text=f"{name} {_end(now)}")


def _end(course: Course) -> str:
    report = course.report
    if report is None:
        return "has lost its runner: the daemon restores everything; hactl drill recover files it"
    clocks = (clock for clock in (rto(course, 0.0), rpo(course, 0.0)) if clock.mark is not Mark.UNMEASURED)
    measured = ", ".join(f"{clock.name} {clock.shown}" for clock in clocks if clock.shown != "-")
    clean = "" if report.clean else "; NOT CLEAN"
    return f"ended: {report.verdict}: {report.why}{f'; {measured}' if measured else ''}{clean}"


def _wall(course: Course, at: float | None) -> float:
    """Unix time of a moment of the run; of its beginning when that is not known."""
    return course.began + (at - course.entered[0].at if at is not None and course.entered else 0.0)
