"""Who may ask: whoever has the token. Looked at before anything of a request is read."""

import secrets

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from scatter.api.problems import TOO_LARGE, UNAUTHORIZED, answer

PREFIX = "/api/v1"
OPEN = frozenset({f"{PREFIX}/health", f"{PREFIX}/openapi.json"})
"""What tells nobody anything of the node."""


class Guard:
    """Lets requests with the token through."""

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
        await self._app(scope, receive, _Mended(scope, receive, send))


class _Mended:
    """What is sent, with a problem in place of the plain text by which the framework says that a body is too long."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._scope, self._receive, self._send = scope, receive, send
        self._replaced = False

    async def __call__(self, message: Message) -> None:
        if _says_too_long(message):
            self._replaced = True
            too_long = answer(TOO_LARGE, "the body has more bytes than this takes")
            await too_long(self._scope, self._receive, self._send)
        if not self._replaced:
            await self._send(message)


def _says_too_long(message: Message) -> bool:
    if message["type"] != "http.response.start" or message["status"] != TOO_LARGE.status:
        return False
    return Headers(raw=message["headers"]).get("content-type", "").startswith("text/plain")
