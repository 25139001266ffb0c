"""Signing in, where people have to."""

import asyncio
import hmac

from fastapi import APIRouter, Request
from fastapi.responses import Response

from scatter.web.pages.rendering import go_to, page, posted
from scatter.web.security import SESSION, session_of

router = APIRouter()
WAIT_SECONDS = 1.0
"""After a wrong token."""
_MONTH = 30 * 86_400


@router.get("/sign-in")
async def show(request: Request) -> Response:
    """The form."""
    return page(request, "sign_in.html", {"error": ""})


@router.post("/sign-in")
async def sign_in(request: Request) -> Response:
    """Take the token, and remember the browser."""
    token = request.app.state.settings.token
    said = (await posted(request)).get("token", "").strip()
    if token is None:
        return go_to("/")
    if not hmac.compare_digest(said.encode(), token.encode()):
        await asyncio.sleep(WAIT_SECONDS)
        return page(
            request,
            "sign_in.html",
            {"error": "That is not the token that `scatter web` printed. Copy it once more."},
            403,
        )
    response = go_to("/")
    secure = request.url.scheme == "https"
    response.set_cookie(SESSION, session_of(token), max_age=_MONTH, httponly=True, samesite="strict", secure=secure)
    return response


@router.post("/sign-out")
async def sign_out(request: Request) -> Response:
    """Forget the browser."""
    await posted(request)
    response = go_to("/sign-in")
    response.delete_cookie(SESSION)
    return response
