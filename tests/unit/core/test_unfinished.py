"""Requests that did not finish in time, in words."""

from hactl.core.unfinished import cut_off, requests, sentence, still_open


def test_one_and_many() -> None:
    """And none is not worth a word."""
    assert [requests(number) for number in (1, 2)] == ["1 request", "2 requests"]
    assert cut_off(0) == still_open(0) == ""
    assert cut_off(1) == "1 request was cut off at the drain deadline"
    assert cut_off(2) == "2 requests were cut off at the drain deadline"
    assert still_open(3) == "3 requests still open at the drain deadline"


def test_what_is_added_is_added_only_when_there_is_something() -> None:
    """No stray semicolon."""
    assert sentence("stop a", "") == "stop a"
    assert sentence("", "b") == "b"
    assert sentence("stop a", "b") == "stop a; b"
