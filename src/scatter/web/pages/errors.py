"""What a person sees when something cannot be done: what happened, and what to do next."""

from fastapi import Request
from fastapi.responses import Response

from scatter.web.pages.rendering import is_htmx, page

_NEXT = {
    404: "It may have been deleted. Go back to the workspaces and look for it there.",
    405: "Go back, and use the buttons of the page.",
    409: "Nothing was changed. Reload the page to see how things stand.",
    422: "Nothing was changed. Correct it and try again.",
}
_TITLES = {404: "Not found", 409: "Not possible now", 422: "That cannot be used"}


def error_page(request: Request, status: int, message: str) -> Response:
    """A page, or for HTMX a notice on the page that is there."""
    values = {
        "title": _TITLES.get(status, "That did not work"),
        "message": message[:1].upper() + message[1:],
        "next": _NEXT.get(
            status, "Nothing was changed. Try again; if it happens again, look at what `scatter web` printed."
        ),
    }
    if not is_htmx(request):
        return page(request, "error.html", values, status)
    response = page(request, "notice.html", values, status)
    response.headers.update({"HX-Retarget": "#notices", "HX-Reswap": "beforeend"})
    return response
