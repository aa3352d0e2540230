"""What is asked before a drill begins: of the fleet, and of the machine where it matters."""

from pathlib import Path

from support.build import a_spec
from support.script import serving

from hactl.drill.admission import admission, unmet
from hactl.drill.burden import FullDisk
from hactl.drill.definition import Definition, Fault, FaultKind, Limits, Target
from hactl.drill.gate import gate
from hactl.drill.plan import plan
from hactl.drill.small_disk import hint

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
