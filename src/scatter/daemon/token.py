"""The token of a node's API: whoever has it may do what the operator may."""

import os
import secrets
import stat
from pathlib import Path

from scatter.daemon.errors import NodeFolderUnusable, SettingsError
from scatter.files import create_secret_file

_LEAST_CHARACTERS = 16
_MOST_BYTES = 4096


def create_token(path: Path) -> None:
    """Make a token and its file, which only its owner can read; one that is there is kept. NodeFolderUnusable."""
    try:
        create_secret_file(path, secrets.token_urlsafe(32) + "\n")
    except FileExistsError:
        return
    except OSError as error:
        raise NodeFolderUnusable(f"{path} cannot be written: {error.strerror}") from error


def read_token(path: Path) -> str:
    """The token in a file. SettingsError when there is none, or when others than its owner may read it."""
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            token = file.read(_MOST_BYTES).decode("ascii").strip()
    except OSError as error:
        raise SettingsError(f"the API's token, {path}, cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        raise SettingsError(f"{path} holds no token: it has more than ASCII in it") from None
    if mode & 0o077:
        raise SettingsError(f"others may read {path} (mode {mode:o}); allow its owner only: chmod 600 {path}")
    if len(token) < _LEAST_CHARACTERS or not token.isprintable() or " " in token:
        raise SettingsError(
            f"{path} holds no token: one line of at least {_LEAST_CHARACTERS} characters without spaces"
        )
    return token
