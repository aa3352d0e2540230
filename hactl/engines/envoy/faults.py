"""The faults that a node can be told to have: Envoy's own fault filter, always there, off until its runtime says so.

Pure: words in, words out; who tells a process is `gateway`. The daemon's probes and proofs bear a mark and pass, and
the edges' checks are answered before the filter: a slow node is not a dead node, and one that is to look dead can be
killed or frozen. A client that knows the mark passes as well, and harms nothing but the drill.
"""

from collections.abc import Mapping
from urllib.parse import urlencode

from hactl.core.impairment import Impairment
from hactl.engines.envoy.document import Document, extension
from hactl.engines.envoy.routes import OURS

FILTER = "hactl.fault"
"""A name of its own: an overlay may have a fault filter, too."""
COUNTER = r"^http\.gw\.fault\.aborts_injected$"
"""Matches a statistic that exists in every process that has the filter, and in no other."""
_DELAY, _DELAYED = "hactl.fault.delay_ms", "hactl.fault.delayed_percent"
_STATUS, _FAILED = "hactl.fault.status", "hactl.fault.failed_percent"
KEYS = (_DELAY, _DELAYED, _STATUS, _FAILED)
_NOBODY: Document = {"numerator": 0, "denominator": "HUNDRED"}


def injector() -> Document:
    """The filter. What it would do by itself happens to nobody: all of it is for the runtime to say."""
    return extension(
        FILTER,
        "envoy.extensions.filters.http.fault.v3.HTTPFault",
        headers=[{"name": OURS, "present_match": True, "invert_match": True}],
        delay={"fixed_delay": "0.001s", "percentage": _NOBODY},
        abort={"http_status": 503, "percentage": _NOBODY},
        delay_duration_runtime=_DELAY,
        delay_percent_runtime=_DELAYED,
        abort_http_status_runtime=_STATUS,
        abort_percent_runtime=_FAILED,
        # a counter for each sender would be one for each client
        disable_downstream_cluster_stats=True,
    )


def order(fault: Impairment | None) -> str:
    """The target of a POST that brings a process to `fault`, or to none; the same twice does no harm."""
    settings = _settings(fault)
    return "/runtime_modify?" + urlencode({key: settings.get(key, "") for key in KEYS})


def in_force(runtime: Mapping[str, str], fault: Impairment | None) -> bool:
    """True when that is what the runtime of a process says."""
    return {key: runtime[key] for key in KEYS if key in runtime} == _settings(fault)


def _settings(fault: Impairment | None) -> dict[str, str]:
    if fault is None:
        return {}
    settings: dict[str, str] = {}
    if fault.delayed:
        settings |= {_DELAY: str(round(fault.delay * 1000)), _DELAYED: str(fault.delayed)}
    if fault.failed:
        settings |= {_STATUS: str(fault.status), _FAILED: str(fault.failed)}
    return settings
