"""Errors of a node's work."""


class GiveUp(Exception):
    """Trying again will not help: the message says what is wrong and, where there is one, the way out."""


class Unscorable(Exception):
    """The requestor's evaluation cannot be done, and it is the requestor's fault: an honest seat refuses."""
