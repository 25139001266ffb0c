"""What routes get handed."""

from typing import Annotated

from fastapi import Depends, Query, Request

from scatter.storage.runs import StoredRun
from scatter.web.service import Service


def service_of(request: Request) -> Service:
    """The service of the app that a request came to."""
    service: Service = request.app.state.service
    return service


Desk = Annotated[Service, Depends(service_of)]
Version = Annotated[
    int | None, Query(description="change only this version of the document; 409 when it is no longer the one")
]


async def run_at(run: str, desk: Desk) -> StoredRun:
    """The run of a route's path."""
    return await desk.runs.get(run)


RunAt = Annotated[StoredRun, Depends(run_at)]
