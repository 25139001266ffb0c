"""What goes wrong, as problem details (RFC 9457): `type` and `title` name the kind, `detail` is the cause, `remedy` the way out."""

import logging
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from scatter.api.operated import RoleRefused, TooManyWatchers
from scatter.content.adding import FileChanged
from scatter.content.cids import InvalidCid
from scatter.content.fetching import ContentUnavailable
from scatter.content.kubo import KuboUnavailable
from scatter.jobs.errors import JobError
from scatter.node.orders import OrderRefused
from scatter.ports import CallReverted, ChainError, ContentMissing, PeerUnreachable

MEDIA_TYPE = "application/problem+json"
PREFIX = "urn:scatter:problem:"

log = logging.getLogger(__name__)


class Problem(Exception):
    """An answer that is a problem."""

    def __init__(self, kind: "Kind", detail: str, remedy: str | None = None) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.remedy = remedy or kind.remedy


class ProblemDetails(BaseModel):
    """A problem as it is answered."""

    type: str = Field(description="which kind of problem, as a URN")
    title: str = Field(description="the kind in words")
    status: int = Field(description="the HTTP status")
    detail: str = Field(description="the cause, this time")
    remedy: str = Field(description="what would help")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of problem: the last part of its type, its status, its title, and what usually helps."""

    name: str
    status: int
    title: str
    remedy: str


UNAUTHORIZED = Kind(
    "unauthorized",
    401,
    "The token is missing or another one",
    "Send the header Authorization: Bearer TOKEN; the token is in the node's api.token.",
)
NOT_FOUND = Kind("not-found", 404, "There is no such thing", "List what there is, and take its id from there.")
METHOD = Kind("method-not-allowed", 405, "That cannot be done with this", "See /api/v1/openapi.json for what can.")
INVALID = Kind(
    "invalid-request", 422, "The request is not as it must be", "See /api/v1/openapi.json for what it takes."
)
TOO_LARGE = Kind("too-large", 413, "What was sent is too large", "Send less.")
BAD_JOB = Kind("bad-job", 422, "The job cannot be posted", "Mend the job's folder; scatter job check looks at it.")
REFUSED = Kind("refused", 409, "The node cannot do that now", "See the cause.")
REVERTED = Kind("reverted", 409, "The contracts refuse", "See the cause; docs/protocol.md says what they enforce.")
NO_CHAIN = Kind(
    "chain-unavailable", 503, "The chain does not do its part", "Look at chain.rpc_url in node.toml, then try again."
)
NO_CONTENT = Kind("content-missing", 404, "The content is not here", "Fetch it first: PUT /api/v1/content/CID.")
NOBODY = Kind(
    "content-unavailable", 404, "Nobody handed the content out", "Try again when others are there: GET /api/v1/peers."
)
NO_PEER = Kind("peer-unreachable", 503, "A peer cannot be reached", "Look at GET /api/v1/peers, then try again.")
NO_STORE = Kind(
    "store-unavailable",
    503,
    "The content's store does not do its part",
    "Look at storage.kubo in node.toml, then try again.",
)
BUSY = Kind("busy", 503, "As much is under way as is allowed", "Try again later.")
UNEXPECTED = Kind("unexpected", 500, "Something went wrong in the node", "Look at the node's log.")

KINDS = (
    *(UNAUTHORIZED, NOT_FOUND, METHOD, INVALID, TOO_LARGE, BAD_JOB, REFUSED, REVERTED, NO_CHAIN, NO_CONTENT, NOBODY),
    *(NO_PEER, NO_STORE, BUSY, UNEXPECTED),
)

_OF_ERRORS: tuple[tuple[type[Exception], Kind], ...] = (
    (JobError, BAD_JOB),
    (OrderRefused, REFUSED),
    (RoleRefused, REFUSED),
    (CallReverted, REVERTED),
    (ChainError, NO_CHAIN),
    (ContentMissing, NO_CONTENT),
    (ContentUnavailable, NOBODY),
    (InvalidCid, INVALID),
    (FileChanged, INVALID),
    (PeerUnreachable, NO_PEER),
    (KuboUnavailable, NO_STORE),
    (TooManyWatchers, BUSY),
)
"""The kind of each error of the node, the most special first."""


_OF_STATUS = {kind.status: kind for kind in (NOT_FOUND, METHOD, TOO_LARGE)}


def answer(kind: Kind, detail: str, remedy: str | None = None) -> JSONResponse:
    """A problem as a response."""
    said = ProblemDetails(
        type=PREFIX + kind.name, title=kind.title, status=kind.status, detail=detail, remedy=remedy or kind.remedy
    )
    headers = {"WWW-Authenticate": "Bearer"} if kind is UNAUTHORIZED else None
    return JSONResponse(said.model_dump(), status_code=kind.status, media_type=MEDIA_TYPE, headers=headers)


def handle_problems(app: FastAPI) -> None:
    """Answer every error of an app with a problem."""

    @app.exception_handler(Problem)
    async def problem(_: Request, error: Problem) -> JSONResponse:
        return answer(error.kind, error.detail, error.remedy)

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        return answer(INVALID, f"{where}: {first['msg']}")

    @app.exception_handler(HTTPException)
    async def plain(request: Request, error: HTTPException) -> JSONResponse:
        kind = _OF_STATUS.get(error.status_code, INVALID)
        return answer(kind, f"{request.method} {request.url.path}: {error.detail}")

    for error_type, kind in reversed(_OF_ERRORS):
        app.add_exception_handler(error_type, _handler(kind))

    @app.exception_handler(Exception)
    async def unexpected(request: Request, error: Exception) -> JSONResponse:
        log.exception("%s %s failed", request.method, request.url.path, exc_info=error)
        return answer(UNEXPECTED, "the node's log says more")


def _handler(kind: Kind) -> Any:
    async def handle(_: Request, error: Exception) -> JSONResponse:
        return answer(kind, str(error))

    return handle


def answers(*kinds: Kind) -> dict[int | str, dict[str, Any]]:
    """For OpenAPI: the problems that an operation may answer with."""
    by_status: dict[int | str, dict[str, Any]] = {}
    for kind in kinds:
        by_status[kind.status] = {"model": ProblemDetails, "description": kind.title, "content": {MEDIA_TYPE: {}}}
    return by_status
