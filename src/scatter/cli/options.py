"""Options that several commands share, and what they come to."""

import os
from getpass import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from scatter.protocol.ids import address

if TYPE_CHECKING:
    from scatter.chain.keys import Account

PASSWORD = "SCATTER_KEYSTORE_PASSWORD"  # noqa: S105 — the variable's name


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise typer.BadParameter("expected http://HOST[:PORT] or https://HOST")
    return text


def _address(text: str | None) -> str | None:
    try:
        return None if text is None else address(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


Url = Annotated[
    str, typer.Option("--rpc-url", help="A JSON-RPC server of the chain, http or https.", metavar="URL", callback=_url)
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout, all else on stderr.")]
DeploymentFile = Annotated[Path, typer.Argument(help="The file that `deploy` wrote.", metavar="DEPLOYMENT")]
Keystore = Annotated[
    Path | None,
    typer.Option(help=f"Who sends: an encrypted key (version 3). {PASSWORD} has its password, or it is asked for."),
]
PrivateKeyFile = Annotated[Path | None, typer.Option(help="Who sends: a file with a secret key as 64 hex digits.")]
MaybeAddress = Annotated[str | None, typer.Option(metavar="ADDRESS", callback=_address)]


def account_of(keystore: Path | None, private_key_file: Path | None) -> "Account":
    """The account of whichever was given. typer.BadParameter for none or both; KeyUnusable."""
    from scatter.chain.keystore import Keystore, read_private_key

    if (keystore is None) == (private_key_file is None):
        raise typer.BadParameter("say who sends with one of --keystore and --private-key-file")
    if keystore is None:
        assert private_key_file is not None  # noqa: S101 — one of them is given
        return read_private_key(private_key_file)
    locked = Keystore.load(keystore)
    return locked.unlock(password_of(keystore))


def password_of(keystore: Path) -> str:
    """A keystore's password, from the environment or from whoever sits there. typer.BadParameter when neither has one."""
    password = os.environ.get(PASSWORD)
    if password is not None:
        return password
    try:
        return getpass(f"Password of {keystore}: ")
    except EOFError:
        raise typer.BadParameter(f"no password for {keystore}: type it, or set {PASSWORD}") from None


def read_password(file: Path) -> str:
    """The one line of a file. typer.BadParameter when it cannot be read."""
    try:
        return file.read_text().removesuffix("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"the password cannot be read from {file}: {error}") from error


def say(message: str) -> None:
    """A line for a person, on stderr: stdout is for JSON."""
    typer.echo(message, err=True)
