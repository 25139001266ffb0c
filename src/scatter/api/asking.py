"""What a request comes with: the node that it is for."""

from typing import Annotated

from fastapi import Depends, Request

from scatter.api.operated import Operated


def _operated(request: Request) -> Operated:
    node: Operated = request.app.state.node
    return node


Node = Annotated[Operated, Depends(_operated)]
