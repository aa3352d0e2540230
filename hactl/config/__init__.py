"""`hactl.toml`: reading it, refusing it with reasons, writing it. Not where a fleet keeps things: `paths`.

    files      the file itself
    reading    text → FleetSpec
    rules      what must hold between keys
    alert_rules    the same for alerts
    schedule_rules the same for schedules
    writing    FleetSpec → text; the file a new fleet starts with
    schema     for editors and for the reference
    keys       the one table of all keys, which everything above reads
    kinds, quantities    what values look like

Everything raises ConfigError and nothing else.
"""

from hactl.config.files import FILE_NAME, anchored, beside, load, portable
from hactl.config.reading import parse
from hactl.config.schema import KeyDoc, reference, schema
from hactl.config.writing import digest, dump, template

__all__ = [
    "FILE_NAME",
    "KeyDoc",
    "anchored",
    "beside",
    "digest",
    "dump",
    "load",
    "parse",
    "portable",
    "reference",
    "schema",
    "template",
]
