"""A node that is far slower than its peers: it keeps serving, and is reported. How much of its weight it keeps is in
`traffic`; which node is slow is judged outside (`supervisor.slowness`), where the measurements are.
"""

from hactl.core.draft import Draft
from hactl.core.node import Reason, ReasonCode
from hactl.core.observations import BecameSlow, NoLongerSlow
from hactl.core.value import replace


def observe(draft: Draft, saw: BecameSlow | NoLongerSlow) -> None:
    """Note it on a node that serves; one about which something worse is known keeps that reason."""
    node = draft.fleet.nodes[saw.node]
    if isinstance(saw, NoLongerSlow):
        if node.slow:
            draft.take_note(replace(node, reason=None), f"no longer slow: {saw.why}")
    elif node.serviceable and node.reason is None:
        draft.take_note(replace(node, reason=Reason(code=ReasonCode.SLOW, text=saw.why)), f"slow: {saw.why}")
