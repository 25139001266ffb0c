"""What can be wrong with a node's folder. Each message is one sentence that its operator can act on."""


class SettingsError(ValueError):
    """A node's settings cannot be used; the message names the file and line, variable or option, and what would do."""


class NodeFolderUnusable(ValueError):
    """A node's folder cannot be made or used; the message says why, and the way out."""


class AlreadyRunning(RuntimeError):
    """A node is at work in the folder already."""
