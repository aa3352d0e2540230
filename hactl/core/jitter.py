"""Repeatable chance: a number in [0, 1) out of names. The core draws no random numbers, so that replays agree."""

import hashlib


def fraction(*names: str) -> float:
    """A number in [0, 1) that depends on `names` and nothing else."""
    digest = hashlib.blake2b("\0".join(names).encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2.0**64
