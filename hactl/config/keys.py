"""Every key of `hactl.toml`: what it accepts, where it goes, what it means.

Parsing, the template, the schema and the reference are all read off this table, so they cannot disagree. Defaults do
not stand here: they are those of the values in `hactl.core.spec`. Rules between keys do not either: those are `rules`.
"""

from hactl.config import process_keys as process
from hactl.config import traffic_keys as traffic
from hactl.config.alert_keys import ALERT
from hactl.config.schedule_keys import SCHEDULE
from hactl.config.table import Table

PLANNED_TABLES = ("backup", "calls", "metrics", "sessions")
"""Tables of parts that are not built yet."""

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        process.FLEET,
        traffic.EDGE,
        traffic.REGION,
        traffic.REGION_FAILOVER,
        process.GATEWAY,
        process.HEALTH,
        process.RESTART,
        process.SAFETY,
        traffic.SERVICE,
        traffic.ROUTE,
        ALERT,
        SCHEDULE,
        process.LOGS,
        process.JOURNAL,
    )
}
"""Every table by its name, in the order of the template."""
