"""The completion scripts are scripts, and complete."""

import shutil
import subprocess

import pytest
from support.command import Home


@pytest.mark.parametrize(
    ("shell", "checks"),
    [("bash", ["bash", "-n"]), ("zsh", ["zsh", "-n"]), ("fish", ["fish", "--no-execute"])],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_script_is_one_its_shell_can_read(home: Home, shell: str, checks: list[str]) -> None:
    script = home.ok("completion", shell)
    assert "_HACTL_COMPLETE" in script
    if shutil.which(shell):
        path = home.directory / "script"
        path.write_text(script)
        subprocess.run([*checks, str(path)], check=True, timeout=60)


def test_bash_is_told_verbs_and_options(home: Home) -> None:
    """What the script asks the command when a key is pressed."""
    verbs = home.ok(_HACTL_COMPLETE="bash_complete", COMP_WORDS="hactl st", COMP_CWORD="1")
    assert verbs.splitlines() == ["plain,status", "plain,stop", "plain,start"]
    options = home.ok(_HACTL_COMPLETE="bash_complete", COMP_WORDS="hactl kill --re", COMP_CWORD="2")
    assert options.splitlines() == ["plain,--region", "plain,--reason"]


def test_behind_a_verb_that_does_not_exist_nothing_is_said(home: Home) -> None:
    """An error would stand in the middle of the line that is being typed."""
    done = home.run(_HACTL_COMPLETE="bash_complete", COMP_WORDS="hactl foo ", COMP_CWORD="2")
    assert "No such command" not in done.stdout + done.stderr


def test_another_shell_is_refused(home: Home) -> None:
    assert home.run("completion", "tcsh").returncode == 2
