"""The API as an ASGI application."""

from fastapi import FastAPI
from starlette.types import ASGIApp

from scatter import __version__
from scatter.api.guard import PREFIX, Guard
from scatter.api.operated import Operated
from scatter.api.problems import handle_problems
from scatter.api.resources import content, jobs, node, peers, tasks

MOST_BYTES = 64 << 10
"""Longest body, but for files."""
DESCRIPTION = """\
One Scatter node, for whoever operates it. All but `/health` needs the node's token: `Authorization: Bearer TOKEN`.

Errors are problem details (RFC 9457): `detail` is the cause, `remedy` the way out. Lists come in pages: `next` of one is
`after` of the following. Amounts are base units (10^-18 SCT) as text. No answer holds a secret.
"""


def create_app(operated: Operated, token: str) -> ASGIApp:
    """The API of a node, for whoever has the token."""
    app = FastAPI(
        title="Scatter node",
        version=__version__,
        description=DESCRIPTION,
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,
        redoc_url=None,
        max_body_size=MOST_BYTES,
    )
    app.state.node = operated
    for resource in (node, jobs, tasks, peers, content):
        app.include_router(resource.router, prefix=PREFIX)
    handle_problems(app)
    return Guard(app, token)
