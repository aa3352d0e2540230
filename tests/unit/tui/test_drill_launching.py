"""A command that is started goes on by itself; what it said is there for whoever asks."""

import os

from support.polling import wait_until

from hactl.tui.drill_launching import Detached, launch, seed


def test_it_runs_in_a_session_of_its_own_and_is_heard() -> None:
    started = Detached(["/bin/sh", "-c", "ps -o sid= -p $$; echo it is $WORD >&2; exit 3"], {"WORD": "over"})
    wait_until(lambda: started.ended() is not None)
    session, said = started.said().splitlines()
    assert (started.ended(), said) == (3, "it is over")
    assert int(session) != os.getsid(0)
    started.let_go()


def test_a_command_is_run_as_in_a_shell() -> None:
    started = launch(["drill", "show", "no-such-drill"], "nobody")
    wait_until(lambda: started.ended() is not None)
    assert started.ended() == 2
    assert "no drill 'no-such-drill'" in started.said()
    started.let_go()


def test_seeds_differ() -> None:
    assert len({seed() for _ in range(20)}) > 10
