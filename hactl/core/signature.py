"""Who did what a record reports, appended to its sentence. Pure; what happened is `telling`."""

from hactl.core.events import Record

LABEL = "HACTL_LABEL"
"""The variable in which a command is told on whose behalf it acts: of a console that it is typed in, of a schedule."""


def signature(record: Record, told: str) -> tuple[str, str]:
    """By whom and for which reason, as far as `told`, the sentence of the record, does not say it already."""
    # as whole words: "by ann" is not said by "by anna", nor by "by ann@host"
    words = told.replace("(", " ").replace(")", " ").replace(",", " ").replace(";", " ").replace(":", " ")
    said = f" by {record.by} " in f" {words} "
    return "" if said else record.by, "" if f"({record.reason})" in told else record.reason


def signed(record: Record, told: str) -> str:
    """The sentence with what `signature` adds to it, for plain lines."""
    by, reason = signature(record, told)
    who = ": ".join(each for each in (f"by {by}" if by else "", reason if record.by else "") if each)
    return f"{told}  [{who}]" if who else told
