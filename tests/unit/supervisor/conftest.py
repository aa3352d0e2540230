import uuid

import pytest
from support.processes import Nursery


@pytest.fixture
def nursery(tmp_path):
    with Nursery(tmp_path, fleet=uuid.uuid4().hex) as nursery:
        yield nursery
