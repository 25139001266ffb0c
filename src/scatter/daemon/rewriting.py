"""Changing a setting of a node for good: in its file, whose comments and order stay."""

import tomlkit
from tomlkit.exceptions import TOMLKitError

from scatter.daemon.errors import SettingsError
from scatter.daemon.reading import Settings
from scatter.daemon.settings import FILE
from scatter.files import replace_file
from scatter.protocol.states import Role


def write_role(settings: Settings, role: Role) -> None:
    """Let the file say another role; it is there whole or as it was. SettingsError when an option or the environment says which
    role the node has, or when the file cannot be written."""
    source = settings.fixed.get("role")
    if source is not None:
        raise SettingsError(f"the role is set by {source}, which counts before node.toml: change it there")
    file = settings.folder / FILE
    try:
        content = tomlkit.parse(file.read_text())
        content["role"] = role.name.lower()
        replace_file(file, tomlkit.dumps(content))
    except (OSError, TOMLKitError) as error:
        raise SettingsError(f"{file} cannot be changed: {error}") from error
