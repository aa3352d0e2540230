"""Alerts whose keys are right one by one and still do not fit together; and what is completed for them."""

from pathlib import Path

import pytest

from hactl.config import dump, load, parse
from hactl.core.errors import ConfigError

HOOK = '[[alert]]\nwebhook = "https://example.com/hook"\n'

MISFITS = [
    (HOOK + 'exec = ["page"]', "alert[alert-1]: has both webhook and exec (keep one; two receivers are two tables)"),
    ("[[alert]]", "alert[alert-1]: has neither webhook nor exec (add one of them)"),
    ('[[alert]]\nname = "ops"\nexec = []', "alert[ops]: has neither webhook nor exec (add one of them)"),
    ('[[alert]]\nexec = [""]', 'alert[alert-1].exec: the program is empty (like ["./page.sh", "--team", "web"])'),
    ('[[alert]]\nexec = ["page"]\nformat = "slack"', "alert[alert-1].format: conflicts with exec"),
    ('[[alert]]\nexec = ["page"]\nheaders = { x-team = "web" }', "alert[alert-1].headers: conflicts with exec"),
    (HOOK + HOOK + 'name = "alert-1"', 'alert[alert-1].name: two alerts are called "alert-1"'),
    (HOOK + 'headers = { Host = "a" }', 'alert[alert-1].headers: the header "Host" cannot be changed'),
    (HOOK + 'headers = { Content-Type = "a" }', 'alert[alert-1].headers: the header "Content-Type" cannot be changed'),
    (HOOK + 'headers = { x-a = "1", X-A = "2" }', 'alert[alert-1].headers: the header "x-a" appears twice'),
    (HOOK + 'headers = { x-a = "env:" }', 'alert[alert-1].headers: "x-a" is not a reference (like "env:TOKEN" or '
     '"file:token")'),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), MISFITS)
def test_what_does_not_fit_together_is_refused_in_one_line(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse(text)
    assert str(error.value) == f"hactl.toml: {message}"


@pytest.mark.parametrize("header", ["Authorization", "X-Api-Key", "cookie", "X-Auth", "x-webhook-token", "X-Secret"])
def test_a_secret_is_not_written_into_the_file_because_the_journal_keeps_the_file(header: str) -> None:
    """And the refusal does not repeat it."""
    with pytest.raises(ConfigError) as error:
        parse(f'{HOOK}headers = {{ {header} = "hunter2hunter2" }}')
    assert f'the value of "{header}" would be kept in the journal' in str(error.value)
    assert "hunter2" not in str(error.value)
    assert parse(f'{HOOK}headers = {{ {header} = "env:TOKEN" }}').alerts[0].headers == {header: "env:TOKEN"}


def test_alerts_without_a_name_are_called_by_their_number() -> None:
    spec = parse(HOOK + '[[alert]]\nname = "pager"\nexec = ["page"]\n' + HOOK)
    assert [alert.name for alert in spec.alerts] == ["alert-1", "pager", "alert-3"]
    assert parse(dump(spec)) == spec


def test_relative_paths_begin_where_the_file_is(tmp_path: Path) -> None:
    """A daemon runs wherever it was started; a bare name is looked for where PATH leads."""
    path = tmp_path / "hactl.toml"
    path.write_text(
        '[[alert]]\nexec = ["./page.sh", "./arg"]\n'
        '[[alert]]\nexec = ["scripts/page", "x"]\n'
        '[[alert]]\nexec = ["page"]\n'
        '[[alert]]\nexec = ["/bin/page"]\n'
        '[[alert]]\nwebhook = "file:hook"\nheaders = { Authorization = "file:token", x-a = "file:/t", x-b = "plain" }\n'
    )
    *programs, hook = load(path).alerts
    assert [alert.exec for alert in programs] == [
        (str(tmp_path / "page.sh"), "./arg"),
        (str(tmp_path / "scripts/page"), "x"),
        ("page",),
        ("/bin/page",),
    ]
    assert hook.webhook == f"file:{tmp_path / 'hook'}"
    assert hook.headers == {"Authorization": f"file:{tmp_path / 'token'}", "x-a": "file:/t", "x-b": "plain"}
