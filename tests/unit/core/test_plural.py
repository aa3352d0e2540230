"""Numbers in messages agree with what they count."""

from hactl.core.plural import counted


def test_one_is_singular_and_all_else_plural() -> None:
    """None of something is plural, too, and words may bring a plural of their own."""
    assert [counted(number, "node") for number in (0, 1, 2)] == ["0 nodes", "1 node", "2 nodes"]
    assert [counted(number, "process", "processes") for number in (1, 2)] == ["1 process", "2 processes"]
