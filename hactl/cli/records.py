"""Journal records for verbs that only look: from the daemon, or from the journal when none answers.

What the daemon gives is masked, what the journal has is not: records for showing are masked here, too.
"""

from hactl.cli.choice import Chosen
from hactl.core.errors import HactlError, Unreachable
from hactl.core.events import Record
from hactl.core.secrets import masked
from hactl.core.talk import Query


def history(chosen: Chosen, query: Query) -> list[Record]:
    """Records that match, oldest first, masked. Raises Unreachable when there is neither a daemon nor a journal."""
    try:
        return chosen.client.history(query)
    except Unreachable:
        if not chosen.paths.has_journal:
            raise
    return [masked(record) for record in journaled(chosen, query)]


def journaled(chosen: Chosen, query: Query) -> list[Record]:
    """The same from the journal, with every value in it: to compare, or to bring into force again, never to show."""
    from hactl.store.journal import SqliteJournal

    with SqliteJournal.open_read_only(chosen.paths.journal) as journal:
        return journal.query(
            after=query.after, before=query.before, since=query.since, kinds=query.kinds, limit=query.limit
        )


def ensure_not_hidden(chosen: Chosen) -> None:
    """Raises HactlError when there is, or may be, a journal that this user may not read: then nothing is known."""
    path = chosen.paths.journal
    try:
        hidden = path.exists() and not chosen.paths.has_journal
    except OSError:
        hidden = True
    if hidden:
        raise HactlError(f"the journal '{path}' may not be read by you", "run as the user who started the fleet")
