"""What can be wrong with a node's folder. Each message is one sentence that its operator can act on."""

from scatter.errors import BadInput, Failure


class SettingsError(BadInput):
    """A node's settings cannot be used; the message names the file and line, variable or option, and what would do."""


class NodeFolderUnusable(BadInput):
    """A node's folder cannot be made or used; the message says why, and the way out."""


class AlreadyRunning(Failure):
    """A node is at work in the folder already."""
