"""What is asked before a drill begins: of the fleet, and of the machine where it matters."""

from pathlib import Path

import pytest
from support.build import a_spec
from support.processes import listening
from support.script import serving

from hactl.core.routing import ServiceSpec
from hactl.core.secrets import MASK
from hactl.core.spec import GatewaySpec
from hactl.core.value import replace
from hactl.drill.admission import admission, unmet
from hactl.drill.burden import FullDisk
from hactl.drill.definition import ConfigChange, Definition, Fault, FaultKind, Limits, Target
from hactl.drill.gate import gate
from hactl.drill.plan import plan
from hactl.drill.small_disk import hint
from hactl.paths import FleetPaths

FLEET = serving(a_spec())
FILLS = Fault(kind=FaultKind.DISK, target=Target(), burden=FullDisk(), lasting=5.0)


def test_the_machine_is_asked_where_the_state_is_known(tmp_path: Path) -> None:
    """A console of a fleet elsewhere knows no directory, and asks the fleet alone."""
    drill = Definition(name="d", title="t", faults=(FILLS,))
    drawn = plan(drill, FLEET, 1)
    asked = admission(drill, drawn, FLEET, tmp_path)
    assert asked[:-1] == gate(drill, drawn, FLEET) == admission(drill, drawn, FLEET, None)
    assert asked[-1].name == "disk that may be filled"


def test_what_stands_in_the_way_says_what_to_try(tmp_path: Path) -> None:
    """Each check that is not met, with its hint; nothing of those that are."""
    drill = Definition(name="d", title="t", faults=(FILLS,), limits=Limits(min_healthy_nodes=9))
    few, disk = unmet(admission(drill, plan(drill, FLEET, 1), FLEET, tmp_path))
    assert few.startswith("nodes left to serve: ")
    assert "limits.min_healthy_nodes" in few
    assert hint(tmp_path) in disk


INVALID, WRONG = ConfigChange.INVALID, ConfigChange.WRONG_PORT
SERVICE = (ServiceSpec(name="app", endpoints=(("127.0.0.1", 9000),)),)


@pytest.mark.parametrize(
    ("changes", "services", "value", "unmet_by"),
    [
        ((INVALID,), (), "C", None),
        ((INVALID, WRONG), SERVICE, "C", None),
        ((INVALID, WRONG), SERVICE, "env:TOKEN", None),
        ((INVALID, WRONG), (), "C", "no service whose port could be changed"),
        ((INVALID,), (), MASK, "gateway.env has literal values"),
    ],
    ids=["needs nothing", "has a service", "a reference", "no service", "masked"],
)
def test_a_configuration_that_cannot_be_made_wrong_is_known_before(
    changes: tuple[ConfigChange, ...], services: tuple[ServiceSpec, ...], value: str, unmet_by: str | None
) -> None:
    """And not only when it is to be applied, with the fleet borrowed and half of the drill done."""
    spec = replace(FLEET.spec, services=services, gateway=GatewaySpec(env={"TOKEN": value}))
    fleet = replace(FLEET, spec=spec)
    faults = (
        Fault(kind=FaultKind.CONFIG, target=Target(), change=change, at=9.0 * n) for n, change in enumerate(changes)
    )
    drill = Definition(name="d", title="t", faults=faults)
    found = unmet(admission(drill, plan(drill, fleet, 1), fleet, None))
    assert [unmet_by in each for each in found if unmet_by] == ([True] if unmet_by else [])
    assert len(found) == (1 if unmet_by else 0)


@pytest.mark.parametrize(
    ("words", "environment", "said"),
    [
        (("--ready-fd", "3"), {}, ""),
        ((), {"NOTIFY_SOCKET": "/run/systemd/notify"}, ""),
        ((), {}, "runs in the foreground, and it is not known what would start it again"),
    ],
    ids=["in the background", "kept by a service manager", "in the foreground"],
)
def test_a_daemon_that_nobody_would_start_again_is_known_before(
    tmp_path: Path, words: tuple[str, ...], environment: dict[str, str], said: str
) -> None:
    """By what the kernel says of the process that listens on the control socket."""
    paths = FleetPaths(tmp_path)
    drill = Definition(name="d", title="t", faults=(Fault(kind=FaultKind.DAEMON_KILL, target=Target(), lasting=5.0),))
    with listening(paths.control, *words, environment=environment):
        found = unmet(admission(drill, plan(drill, FLEET, 1), FLEET, paths.state))
    assert [said in each for each in found] == ([True] if said else [])
    assert all("hactl init --systemd" in each for each in found)
