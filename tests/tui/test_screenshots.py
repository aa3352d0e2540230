"""The pictures of the README: whole, small, and without anything that whoever looks at them would have to fetch."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from support.screenshots import SIZE, cleaned
from support.stage import stage

PICTURES = sorted((Path(__file__).parents[2] / "examples" / "pictures").glob("*.svg"))
LARGEST = 200_000
"""Bytes."""
_FETCHED = re.compile(r"""url\((?!["']?#)|@import|@font-face|href=["'](?!#)|<image|<script""")


def judged(svg: str) -> str:
    """The text of a picture that is in order."""
    assert _FETCHED.search(svg) is None
    assert len(svg.encode()) < LARGEST
    root = ElementTree.fromstring(svg)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    lines = [element for element in root.iter() if element.get("id", "").endswith(f"line-{SIZE[1] - 2}")]
    assert lines, f"fewer than {SIZE[1]} lines"
    return " ".join("".join(element.itertext()) for element in root.iter("{http://www.w3.org/2000/svg}text"))


async def test_what_the_script_writes_is_in_order():
    async with stage(SIZE) as now:
        text = judged(cleaned(now.app.export_screenshot(title="hactl")))
    assert "seoul-1" in text
    assert "LAST" in text


def test_there_are_pictures():
    assert {path.stem for path in PICTURES} >= {"question", "failover", "node", "back", "drill"}


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.stem)
def test_a_kept_picture_is_in_order(path: Path):
    shown = "edge-hang" if path.stem == "drill" else "seoul-2"
    assert shown in judged(path.read_text(encoding="utf-8"))
