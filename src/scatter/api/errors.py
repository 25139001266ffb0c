"""Why the API is not there."""

from scatter.errors import Failure


class CannotServe(Failure, OSError):
    """The API's address cannot be had; the message says which and why."""
