"""What can go wrong with nodes in processes of their own."""


class ProcessEnded(RuntimeError):
    """A process without which the network cannot go on has ended; the message says which, and the last that it said."""
