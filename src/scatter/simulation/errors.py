"""What can be wrong with a simulation. Each message is one sentence that a researcher can act on."""


class ScenarioError(ValueError):
    """A scenario file is not as it must be; the message names the file, the line and the key."""
