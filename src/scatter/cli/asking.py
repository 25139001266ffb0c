"""Asking the node that runs in a folder."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from scatter.client.errors import ApiUnreachable
from scatter.client.node_client import NodeClient
from scatter.daemon.lock import running_api
from scatter.daemon.reading import read_settings
from scatter.daemon.token import read_token


@asynccontextmanager
async def client_of(folder: Path) -> AsyncIterator[NodeClient]:
    """The API of the node that runs in a folder. ApiUnreachable when none does; AlreadyRunning when its API is not to be had;
    SettingsError."""
    url = running_api(folder)
    if url is None:
        raise ApiUnreachable(f"no node runs in {folder}: start it with scatter node run {folder}")
    settings = read_settings(folder, {}, os.environ)
    async with NodeClient(url, read_token(settings.place(settings.node.api.token_file))) as client:
        yield client
