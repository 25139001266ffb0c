import pytest
from tests.unit.simulation.recording.plays import disputed
from tests.unit.simulation.recording.watched import Told

from scatter.simulation.recording.recorder import Recorder


def recorder_of(told: Told) -> Recorder:
    recorder = Recorder(told.actors, None, told.start)
    for record in told.chain.records:
        recorder.add(record)
    return recorder


@pytest.fixture(scope="package")
def told() -> Told:
    """Two jobs, the second disputed; not to be changed."""
    return disputed()


@pytest.fixture(scope="package")
def recorder(told: Told) -> Recorder:
    """All of it, recorded; not to be changed."""
    return recorder_of(told)
