"""What undoes a mild change, for a few seconds after it was made. Pure values; performing it is `changing`.

weight     the weights that stood there before, unless somebody has changed them since
resume     drained again, as long as it is the same process
anything   else is not taken back: a thawed process was ill, a started one is stopped by the key that started it,
else       and an unpaused fleet has begun its repairs
"""

from hactl.core.commands import Drain, Resume, SetWeight
from hactl.core.operation import Undo
from hactl.core.value import Value
from hactl.tui.actions import Action

LONG = 10.0
"""Seconds for which a change can be taken back."""


class Undoable(Value):
    """The last change that can be taken back."""

    actions: tuple[Action, ...]
    """What takes it back, one after the other."""
    until: float
    """Seconds of the console's own monotonic clock."""


def undoing(action: Action) -> tuple[Action, ...]:
    """What takes `action` back; () when nothing does."""
    match action.command:
        case Resume(nodes=nodes):
            return (Action(command=Drain(nodes=nodes), targets=action.targets),)
        case SetWeight():
            return _weights_back(action.command, action.found)
        case _:
            return ()


def _weights_back(command: SetWeight, found: Undo) -> tuple[Action, ...]:
    """One change of weights for each weight there was: they may have differed."""
    before = {*found.node_weights.values(), *found.region_weights.values()}
    actions = []
    for weight in sorted(before - {command.weight}):
        nodes = tuple(name for name, was in found.node_weights.items() if was == weight)
        regions = tuple(name for name, was in found.region_weights.items() if was == weight)
        standing = Undo(
            node_weights=dict.fromkeys(nodes, command.weight), region_weights=dict.fromkeys(regions, command.weight)
        )
        actions.append(Action(command=SetWeight(weight=weight, nodes=nodes, regions=regions), found=standing))
    return tuple(actions)
