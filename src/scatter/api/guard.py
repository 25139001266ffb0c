"""Who may ask: whoever has the token. Looked at before anything of a request is read."""

import secrets

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from scatter.api.problems import TOO_LARGE, UNAUTHORIZED, answer

PREFIX = "/api/v1"
OPEN = frozenset({f"{PREFIX}/health", f"{PREFIX}/openapi.json"})
"""What tells nobody anything of the node."""
MOST_JSON_BYTES = 64 << 10


class Guard:
    """Lets requests with the token through, and JSON of a bounded length."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._expected = f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get("authorization", "").encode("utf-8", "surrogateescape")
        if scope["path"] not in OPEN and not secrets.compare_digest(given, self._expected):
            await answer(UNAUTHORIZED, "the request has no token, or not this node's")(scope, receive, send)
            return
        if not headers.get("content-type", "").startswith("application/json"):
            await self._app(scope, receive, send)
            return
        try:
            await self._app(scope, _Bounded(receive), send)
        except _TooLong:
            await answer(TOO_LARGE, f"JSON may have {MOST_JSON_BYTES} bytes here")(scope, receive, send)


class _TooLong(Exception):
    """A body has more bytes than it may."""


class _Bounded:
    """The body of a request, up to so many bytes."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._left = MOST_JSON_BYTES

    async def __call__(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise _TooLong
        return message
