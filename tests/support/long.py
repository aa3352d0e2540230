"""How long tests take that take their time: `HACTL_LONG=short` is for every build, without it all is as promised."""

import os

import pytest

SHORT = os.environ.get("HACTL_LONG") == "short"
takes_minutes = pytest.mark.skipif(SHORT, reason="takes minutes")
