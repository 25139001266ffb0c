from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.unit.node.world import World


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made = World(tmp_path)
    await made.view.start()
    yield made
    await made.close()
