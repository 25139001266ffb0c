"""Templates, and what every page has in common."""

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.datastructures import UploadFile

from scatter import __version__
from scatter.web.documents.blocks import DocumentError, parse
from scatter.web.documents.checking import problem_of
from scatter.web.security import CSRF, CSRF_FIELD, CSRF_HEADER, csrf_holds, new_csrf
from scatter.web.service import NotPossible, Service
from scatter.web.views import text
from scatter.web.views.problems import correction, told

_ROOM = Path(__file__).resolve().parents[1]
_YEAR = 365 * 86_400


@cache
def _digest() -> str:
    """Of all static files: they import one another, so they change their addresses together."""
    files = sorted(path for path in (_ROOM / "static").rglob("*") if path.is_file())
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:12]


def asset(name: str) -> str:
    """The address of a static file: it changes when any of them does."""
    return f"/static/{_digest()}/{name}"


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_ROOM / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(asset=asset, version=__version__)
    environment.filters.update(
        sct=text.sct, exact=text.exact, gain=text.gain, duration=text.duration, words=text.words, count=text.count
    )
    return environment


def is_htmx(request: Request) -> bool:
    """Whether HTMX asks, for a part of the page."""
    return request.headers.get("hx-request") == "true"


def page(request: Request, template: str, values: Mapping[str, Any], status: int = 200) -> Response:
    """A page. Its forms carry a token that the browser keeps in a cookie."""
    csrf = request.cookies.get(CSRF) or new_csrf()
    settings = request.app.state.settings
    body = (
        _templates()
        .get_template(template)
        .render(request=request, csrf=csrf, signed_in=settings.token is not None, path=request.url.path, **values)
    )
    response = HTMLResponse(body, status)
    if CSRF not in request.cookies:
        response.set_cookie(
            CSRF, csrf, max_age=_YEAR, httponly=True, samesite="strict", secure=request.url.scheme == "https"
        )
    return response


async def posted(request: Request) -> dict[str, str]:
    """The fields of a form of ours. Files in it are texts. NotPossible for one that does not carry its
    token, DocumentError for a file that is no text."""
    form = await request.form(max_files=1, max_fields=400)
    fields = {name: value for name, value in form.multi_items() if isinstance(value, str)}
    for name, value in form.multi_items():
        if isinstance(value, UploadFile) and value.filename:
            fields[name] = _text(await value.read())
    if not csrf_holds(request, (fields.pop(CSRF_FIELD, None), request.headers.get(CSRF_HEADER))):
        raise NotPossible("this form is out of date; reload the page and try again")
    return fields


def version_of(fields: dict[str, str]) -> int | None:
    """The version of the document that a form was made of: places of elements in it are those of no other."""
    said = fields.pop("version", "")
    return int(said) if said.isdecimal() and len(said) < 16 else None


def _text(content: bytes) -> str:
    """A file's text, letter by letter. DocumentError when it is none."""
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise DocumentError("the file is not UTF-8 text, so it is no scenario") from error


def go_to(address: str) -> Response:
    """The answer to a form that was taken: the page to see then."""
    return RedirectResponse(address, 303)


async def workspace_values(service: Service, workspace: str, tab: str, number: int | None = None) -> dict[str, Any]:
    """What every page of a workspace shows: its name, its tabs, its runs and the one that is looked at."""
    found = await service.workspaces.get(workspace)
    runs = await service.runs.of(workspace)
    run = await service.run_of(workspace, number)
    problem = problem_of(found.document)
    return {
        "workspace": found,
        "tab": tab,
        "runs": runs,
        "run": run,
        "problem": problem,
        "problem_told": "" if problem is None else told(problem, parse(found.document)),
        "correction": "" if problem is None else correction(problem),
        "stale": run is not None and run.document != found.document,
        "base": f"/w/{found.id}",
        # What comes after this is what a page has to be told: asked for before the page is made, so nothing is left out.
        "last": 0 if run is None else (await service.follower.record(run.id)).number,
    }
