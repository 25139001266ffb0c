"""Errors of a node's work, and which of them are worth another try."""

from scatter.content.fetching import ContentUnavailable
from scatter.ports import CallReverted, ChainError, ContentMissing, SandboxUnavailable

MAX_ATTEMPTS = 6
FETCH_ATTEMPTS = 4
"""After so many, over seven seconds and more, nobody who is there has the content."""
PASSING = (OSError, ChainError, ContentMissing, ContentUnavailable, SandboxUnavailable)
"""Errors of the world around the node. They say nothing about the duty: it is tried until it is done or owed no more."""


class GiveUp(Exception):
    """Trying again will not help: the message says what is wrong and, where there is one, the way out."""


class Unscorable(Exception):
    """The requestor's evaluation cannot be done, and it is the requestor's fault: an honest seat refuses."""


def drags_on(error: Exception, attempt: int) -> bool:
    """Whether nobody should wait for a duty that failed so many times, the last with this error, though it is tried on."""
    return attempt >= (FETCH_ATTEMPTS if isinstance(error, ContentUnavailable) else MAX_ATTEMPTS)


def hopeless(error: Exception, attempt: int) -> bool:
    """Whether a duty is given up after so many attempts, of which the last ended with this error."""
    if isinstance(error, GiveUp):
        return True
    return attempt >= MAX_ATTEMPTS and (not isinstance(error, PASSING) or isinstance(error, CallReverted))
