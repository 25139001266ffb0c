"""Who may ask what: the checks that stand before every route, and the headers behind every answer.

Requests that change something must come from our own pages (`Origin`, `Sec-Fetch-Site`); forms of pages also carry a token that
only our pages know. Hosts are checked, so that a strange name that leads to this machine (DNS rebinding) gets nothing.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from scatter.web.settings import MOST_BODY_BYTES, WebSettings

SESSION, CSRF = "scatter_session", "scatter_csrf"
CSRF_FIELD, CSRF_HEADER = "csrf", "x-csrf-token"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
OPEN = ("/static/", "/sign-in")
"""What nobody has to sign in for."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; font-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
)
_HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}


class Guard:
    """The middleware."""

    def __init__(self, app: ASGIApp, settings: WebSettings) -> None:
        self._app, self._settings = app, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or let the request pass."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                if not scope["path"].startswith("/static/"):
                    headers.setdefault("cache-control", "no-store")
            await send(message)

        refusal = self._refusal(scope)
        if refusal is not None:
            await refusal(scope, receive, with_headers)
            return
        await self._app(scope, _bounded(receive), with_headers)

    def _refusal(self, scope: Scope) -> Response | None:
        request = Request(scope)
        headers = request.headers
        host = (
            headers.get("host", "").rsplit(":", 1)[0] if not headers.get("host", "").endswith("]") else headers["host"]
        )
        if "*" not in self._settings.hosts and host not in self._settings.hosts:
            return _said(421, "this server does not go by that name; open it by the address that `scatter web` printed")
        if request.method not in SAFE and not own_origin(headers):
            return _said(403, "this request came from another site, so nothing was changed")
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > MOST_BODY_BYTES:
            return _said(413, f"a request has at most {MOST_BODY_BYTES} bytes")
        if self._settings.token is not None and not request.url.path.startswith(OPEN) and not self._signed_in(request):
            if request.url.path.startswith("/api/"):
                return _said(401, "send the token that `scatter web` printed: Authorization: Bearer <token>")
            return RedirectResponse("/sign-in", 303)
        return None

    def _signed_in(self, request: Request) -> bool:
        token = self._settings.token or ""
        bearer = request.headers.get("authorization", "")
        if bearer.lower().startswith("bearer "):
            return hmac.compare_digest(bearer[7:].strip().encode(), token.encode())
        return hmac.compare_digest(request.cookies.get(SESSION, "").encode(), session_of(token).encode())


def own_origin(headers: Headers) -> bool:
    """Whether a request comes from a page of ours, or from no page at all."""
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host")


def session_of(token: str) -> str:
    """What the browser keeps instead of the token."""
    return hmac.new(token.encode(), b"scatter web session", hashlib.sha256).hexdigest()


def new_csrf() -> str:
    """A new token for forms."""
    return secrets.token_urlsafe(18)


def csrf_holds(request: Request, said: Iterable[str | None]) -> bool:
    """Whether a form carries the token that its browser has."""
    known = request.cookies.get(CSRF, "")
    return bool(known) and any(one is not None and hmac.compare_digest(one.encode(), known.encode()) for one in said)


def _said(status: int, message: str) -> Response:
    return JSONResponse({"error": message}, status)


def _bounded(receive: Receive) -> Receive:
    """The body, ended when it grows beyond what it may have: a chunked one does not say how long it is."""
    seen = 0

    async def bounded() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > MOST_BODY_BYTES:
            return {"type": "http.disconnect"}
        return message

    return bounded
