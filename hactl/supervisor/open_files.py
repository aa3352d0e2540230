"""How many files may be open: in the daemon as many as it can get, in what it starts as many as it was given itself.

Programs that use select() count on the soft limit of old, and some try to close every number up to it.
"""

import resource
from collections.abc import Iterator
from contextlib import contextmanager, suppress


def raise_limit() -> int:
    """Raise this process's soft limit to the hard one. Returns the soft limit before, for those it starts."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):  # what nobody may have any more since it was given to us
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return soft


@contextmanager
def limited(soft: int | None) -> Iterator[None]:
    """A process that is spawned within the block has this soft limit; None leaves it as it is.

    So have we, as there is no other way to spawn one with it: what is open stays open, and the block is short.
    """
    before, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft is None or soft == before:
        yield
        return
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (before, hard))
