"""The two roots of errors that are a person's to mend. `cli/failures.py` makes words and exit codes of them.

Whatever else rooms raise says something to another part of the code, and is caught there; what is not is a bug, and keeps its
traceback. This module knows no room, and every room may know it.
"""


class BadInput(ValueError):
    """What somebody gave cannot be used: a file, a folder, an option. Nothing was changed; the message is one sentence that says
    what is wrong, and where."""


class Failure(RuntimeError):
    """The input was right, but the world did not do its part: a chain, a sandbox, a database. The message is one sentence."""
