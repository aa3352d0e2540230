"""Why a start takes so long, and how often that is told."""

from hactl.core.node import Node, Role
from hactl.core.running import ProbeAnswer
from hactl.supervisor.unready import Delay, why

NODE = Node(name="gw-1", role=Role.GATEWAY, port=4000)
REFUSED = ProbeAnswer(ok=False, why="connection refused", refused=True)


def test_who_answers_badly_is_quoted() -> None:
    """The probe knows best."""
    answer = ProbeAnswer(ok=False, why="status 503 for /")
    assert why(NODE, answer, ("127.0.0.1:1",), foreign=True) == "status 503 for /"


def test_who_listens_elsewhere_is_told_where() -> None:
    """The commonest mistake of all: a command that does not pass the port on."""
    assert why(NODE, REFUSED, ("127.0.0.1:80", "[::]:81"), foreign=True) == (
        "nothing listens on 127.0.0.1:4000, but it listens on 127.0.0.1:80, [::]:81: "
        "does gateway.command pass {port} on?"
    )


def test_who_listens_nowhere() -> None:
    """It may come; an Envoy gets its port without being told by a command."""
    assert why(NODE, REFUSED, (), foreign=True) == (
        "it runs, but nothing listens on 127.0.0.1:4000: does gateway.command pass {port} on?"
    )
    assert why(NODE, REFUSED, (), foreign=False) == "it runs, but nothing listens on 127.0.0.1:4000"


def test_it_is_told_soon_and_near_the_end() -> None:
    """Twice at most, and the second time only what is new."""
    delay = Delay()
    assert not delay.due(8.1, 10)
    assert delay.due(8.0, 10)
    assert not Delay().due(0.6, 1)
    assert Delay().due(0.5, 1)
    assert delay.tell("a")
    assert not delay.due(1.1, 10)
    assert delay.due(0.9, 10)
    assert not delay.tell("a")
    assert not delay.due(0.1, 10)
