"""The reference says what the code says."""

from pathlib import Path

from support.reference import document

REFERENCE = Path(__file__).parents[2] / "examples" / "REFERENCE.md"


def test_the_reference_is_what_the_code_says() -> None:
    """Made anew by: python tests/support/reference.py > examples/REFERENCE.md"""
    assert document() == REFERENCE.read_text()
