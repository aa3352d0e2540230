"""Time zones by name, as this machine knows them. Not which hours anything is in: `hactl.core.schedule`."""

import datetime
import zoneinfo


def zone(name: str) -> datetime.tzinfo | None:
    """The time zone called `name` (IANA), None when this machine knows none; UTC is known everywhere."""
    if name == "UTC":
        return datetime.UTC
    try:
        return zoneinfo.ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        return None
