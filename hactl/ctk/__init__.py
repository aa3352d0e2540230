"""Actions and probes for experiments of the Chaos Toolkit (`hactl[chaostoolkit]`), in the module `hactl.ctk`.

inject  undo                 the faults of a drill, done under a lease and read back; everything put back
run_drill                    a whole drill, with its load and its verdict
serving  check  availability the fleet, and clients that are sent to it
as_asked                     whether all that was asked of hactl in this experiment was done

The Chaos Toolkit goes on when an action fails, and plays no rollbacks when it is interrupted. So the lease ends with
this process, however it ends, and the daemon puts everything back; and a hypothesis with `as_asked` in it is not met
when a fault was never in effect. This is no engine of its own, and needs nothing of the Chaos Toolkit to be loaded.
"""

from hactl.ctk.acting import inject, run_drill, undo
from hactl.ctk.probing import as_asked, availability, check, serving

__all__ = ["as_asked", "availability", "check", "inject", "run_drill", "serving", "undo"]
