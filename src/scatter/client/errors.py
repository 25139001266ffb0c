"""What can be wrong when a node is asked."""


class ApiUnreachable(ConnectionError):
    """No node answers at an address, or not as one does; the message says which."""


class ApiRefused(RuntimeError):
    """A node answers with a problem; the message has its cause and its way out."""

    def __init__(self, status: int, kind: str, detail: str, remedy: str) -> None:
        super().__init__(f"{detail} ({remedy})" if remedy else detail)
        self.status = status
        self.kind = kind
