"""Errors of a node's work."""


class GiveUp(Exception):
    """Trying again will not help: the message says what is wrong and, where there is one, the way out."""
