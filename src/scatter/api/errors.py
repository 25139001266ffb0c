"""Why the API is not there."""


class CannotServe(OSError):
    """The API's address cannot be had; the message says which and why."""
