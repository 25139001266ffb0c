"""`node.toml`: what counts before what, and one sentence for everything that is wrong with it."""

from pathlib import Path

import pytest

from scatter.daemon.errors import SettingsError
from scatter.daemon.reading import VARIABLE, Settings, read_settings, setting_keys
from scatter.daemon.rewriting import write_role
from scatter.daemon.settings import FILE
from scatter.protocol.ids import SCT
from scatter.protocol.states import Role

GOOD = """\
# my node
role = "trainer"

[chain]
rpc_url = "http://127.0.0.1:8545"

[api]
port = 4081

[trainer]
join = ["digits"]
largest_stake = "500 SCT"
"""


def write(folder: Path, text: str = GOOD) -> Path:
    (folder / FILE).write_text(text)
    return folder


def read(folder: Path, options: dict[str, str] | None = None, environment: dict[str, str] | None = None) -> Settings:
    return read_settings(folder, options or {}, environment or {})


def test_the_file_and_defaults(tmp_path: Path) -> None:
    settings = read(write(tmp_path))
    node = settings.node
    assert (node.role, node.api.port, node.api.host) == (Role.TRAINER, 4081, "127.0.0.1")
    assert (node.trainer.join, node.trainer.largest_stake) == (("digits",), 500 * SCT)
    assert node.peers.listen == ("/ip4/0.0.0.0/tcp/4001",)
    assert settings.place(node.storage.database) == tmp_path / "node.sqlite"
    assert settings.place(Path("/elsewhere")) == Path("/elsewhere")


def test_options_before_the_environment_before_the_file_before_defaults(tmp_path: Path) -> None:
    environment = {"SCATTER_API_PORT": "1", "SCATTER_PEERS_MDNS": "true", "SCATTER_CHAIN_POLL_SECONDS": "0.5"}
    settings = read(write(tmp_path), {"api.port": "2", "peers.bootstrap": "/a/1, /b/2"}, environment)
    node = settings.node
    assert (node.api.port, node.peers.mdns, node.chain.poll_seconds) == (2, True, 0.5)
    assert node.peers.bootstrap == ("/a/1", "/b/2")
    assert settings.fixed == {
        "api.port": "--set api.port",
        "peers.mdns": "SCATTER_PEERS_MDNS",
        "chain.poll_seconds": "SCATTER_CHAIN_POLL_SECONDS",
        "peers.bootstrap": "--set peers.bootstrap",
    }
    assert read(tmp_path, {"trainer.join": ""}).node.trainer.join == ()
    assert read(tmp_path, {"role": "validator", "development.seed": "7"}).node.development.seed == 7


def test_every_key_can_be_set_from_outside(tmp_path: Path) -> None:
    assert {"name", "role", "chain.rpc_url", "account.keystore", "log.level", "development.behaviour"} <= set(
        setting_keys()
    )
    variables = [VARIABLE + key.upper().replace(".", "_") for key in setting_keys()]
    assert len(set(variables)) == len(variables)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GOOD.replace("4081", "70000"), ":8: api.port is 70000; it is a port"),
        (GOOD.replace("4081", '"4081"'), ':8: api.port is "4081"; it is a port'),
        (GOOD.replace("port = ", "prot = "), ":8: api.prot is not a known key; there are enabled, host, port"),
        (GOOD.replace('trainer"', 'king"'), ':2: role is "king"; it is one of requestor, trainer'),
        (GOOD.replace('role = "trainer"', ""), ":1: role is missing; it is one of"),
        (GOOD.replace("http://", "ftp://"), ':5: chain.rpc_url is "ftp://127.0.0.1:8545"; it is the URL'),
        (GOOD.replace("http://127.0.0.1:8545", "http://[::1"), ":5: chain.rpc_url is"),
        (GOOD.replace("500 SCT", "500"), ':12: trainer.largest_stake is "500"; it is an amount like'),
        (GOOD.replace('["digits"]', '"digits"'), ':11: trainer.join is "digits"; it is a list'),
        (GOOD.replace('["digits"]', "[1]"), ":11: trainer.join is"),
        (GOOD.replace("[api]", "[api"), ":7: not TOML"),
        (GOOD + "[chain.deeper]\nx = 1\n", ":13: chain.deeper is not a known key"),
        ("api = 5\n" + GOOD.replace("[api]\nport = 4081", ""), ":1: api is 5; it is a table"),
        ("x = " + "[" * 5000 + "]" * 5000, ": there is a number that is too long, or lists that are nested too deeply"),
        ("# " + "x" * 70_000, " has more than 65536 bytes"),
    ],
)
def test_one_sentence_says_where(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SettingsError) as error:
        read(write(tmp_path, text))
    assert said in str(error.value)
    assert str(tmp_path / FILE) in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("options", "environment", "said"),
    [
        ({"api.port": "many"}, {}, '--set api.port is "many"; it is a port'),
        ({}, {"SCATTER_API_PORT": "-1"}, "SCATTER_API_PORT is -1; it is a port"),
        ({"api.prot": "1"}, {}, '--set: "api.prot" is not a known key; there are name, role'),
        ({"peers.listen": ""}, {}, "--set peers.listen is a list of 0; it is a list of multiaddrs"),
    ],
)
def test_what_comes_from_elsewhere_is_named(
    tmp_path: Path, options: dict[str, str], environment: dict[str, str], said: str
) -> None:
    with pytest.raises(SettingsError) as error:
        read(write(tmp_path), options, environment)
    assert said in str(error.value)
    assert FILE not in str(error.value)


def test_without_a_file_the_way_out_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="run scatter node init"):
        read(tmp_path)
    (tmp_path / FILE).write_bytes(b"\n\n# \xff")
    with pytest.raises(SettingsError, match=":3: the file is not UTF-8"):
        read(tmp_path)


def test_another_role_is_written_and_all_else_stays(tmp_path: Path) -> None:
    settings = read(write(tmp_path))
    write_role(settings, Role.VALIDATOR)
    assert (tmp_path / FILE).read_text() == GOOD.replace('"trainer"', '"validator"')
    for fixed in (read(tmp_path, {"role": "trainer"}), read(tmp_path, {}, {"SCATTER_ROLE": "trainer"})):
        with pytest.raises(SettingsError, match="counts before"):
            write_role(fixed, Role.REQUESTOR)
    assert read(tmp_path).node.role is Role.VALIDATOR
