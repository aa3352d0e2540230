"""A machine on which nothing, or little, can be opened any more: this process has hardly a descriptor left."""

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def none_left() -> Iterator[None]:
    """For as long as the context is entered; what is open stays so."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@contextmanager
def few_left(count: int) -> Iterator[None]:
    """So many can be opened at a time, and no more, for as long as the context is entered."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    spent = [os.open(os.devnull, os.O_RDONLY)]
    resource.setrlimit(resource.RLIMIT_NOFILE, (spent[0] + 64, hard))
    try:
        with suppress(OSError):
            while True:
                spent.append(os.dup(spent[0]))
        for fd in spent[len(spent) - count :]:
            os.close(fd)
        del spent[len(spent) - count :]
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for fd in spent:
            os.close(fd)
