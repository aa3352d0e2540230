"""The ends of logs, as they go into a support archive."""

from pathlib import Path

from hactl.cli.bundle_parts import tail


def test_half_a_line_is_left_out(tmp_path: Path) -> None:
    """Half a secret is recognised by nobody."""
    log = tmp_path / "process.log"
    log.write_text("password=0123456789\nnext\nlast")
    assert tail(log, 1000) == "password=0123456789\nnext\nlast"
    assert tail(log, 15) == "next\nlast"
    assert tail(log, 4) == ""


def test_what_is_no_text_is_replaced(tmp_path: Path) -> None:
    log = tmp_path / "process.log"
    log.write_bytes(b"\xff\n")
    assert tail(log) == "\N{REPLACEMENT CHARACTER}\n"
