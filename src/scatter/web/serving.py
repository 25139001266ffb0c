"""Serving the application: the socket, uvicorn, and what is said about it."""

import socket
from collections.abc import Callable
from functools import partial

import uvicorn

from scatter.api.errors import CannotServe
from scatter.web.app import create_app
from scatter.web.demonstration import Demonstration
from scatter.web.settings import WebSettings

GOODBYE_SECONDS = 1


def serve(settings: WebSettings, say: Callable[[str], None], demonstration: Demonstration | None = None) -> None:
    """Serve until Ctrl-C, and play a demonstration meanwhile, if there is one. CannotServe when the address is taken, or not this
    machine's."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host.strip("[]"), settings.port))
        listening.listen()  # so that whoever reads the address can connect at once, and waits until we are ready
    except OSError as error:
        listening.close()
        raise CannotServe(
            f"{settings.host}:{settings.port} cannot be listened on: {error.strerror}; --port chooses another"
        ) from error
    port = listening.getsockname()[1]
    shown = f"[{settings.host}]" if ":" in settings.host else settings.host
    address = f"http://{shown}:{port}"
    if demonstration is None:
        say(f"Scatter is at {address}. Ctrl-C ends this server; runs go on without it.")
    else:
        say("Ctrl-C ends the demonstration and its pages; --resume goes on with it.")
    if settings.token is not None:
        say(f"Sign in with this token: {settings.token}")
        say("Whoever listens on the way can read what goes over plain HTTP: put a proxy with TLS before it.")
    beside = None if demonstration is None else partial(demonstration.beside, address=address)
    config = uvicorn.Config(
        create_app(settings, beside), log_level="warning", access_log=False, timeout_graceful_shutdown=GOODBYE_SECONDS
    )
    with listening:
        uvicorn.Server(config).run(sockets=[listening])
