"""What can be wrong with a simulation. Each message is one sentence that a researcher can act on."""


class ScenarioError(ValueError):
    """A scenario file is not as it must be; the message names the file, the line and the key."""


class ScenarioFailed(RuntimeError):
    """A step of a scenario could not be done; the message says which, why, and where the job stands."""
