"""What can be wrong with a simulation. Each message is one sentence that a researcher can act on."""

from scatter.errors import BadInput, Failure


class ScenarioError(BadInput):
    """A scenario file is not as it must be; the message names the file, the line and the key."""


class ScenarioFailed(Failure):
    """A step of a scenario could not be done; the message says which, why, and where the job stands."""


class Stuck(ScenarioFailed):
    """What was waited for cannot come: nobody has anything to do and no deadline lies ahead. The message says who gave up what."""


class WorkloadError(BadInput):
    """The workload cannot be used; the message says why, and the way out."""


class CheckpointUnusable(BadInput):
    """What was kept of a run cannot be used; the message says why, and the way out."""


class RecordingUnusable(BadInput):
    """A folder holds no recording, or one that cannot be used; the message says why."""
