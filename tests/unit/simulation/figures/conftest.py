from pathlib import Path

import pytest
from tests.unit.simulation.recording.plays import disputed

from scatter.simulation.recording.recorded import Recorded
from scatter.simulation.recording.recorder import Recorder
from scatter.simulation.recording.schema import SUBFOLDER


@pytest.fixture(scope="package")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output folder of a simulation of two jobs, the second disputed; not to be changed."""
    out, told = tmp_path_factory.mktemp("simulated"), disputed()
    recorder = Recorder(told.actors, out / SUBFOLDER, told.start)
    for record in told.chain.records:
        recorder.add(record)
    for job in told.chain.jobs:
        recorder.final_metric(job, 0.875)
    recorder.write()
    return out


@pytest.fixture(scope="package")
def recorded(simulated: Path) -> Recorded:
    return Recorded.load(simulated)
