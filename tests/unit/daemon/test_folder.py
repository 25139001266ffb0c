"""A node's folder: founding it, its lock, its token, its datasets."""

from pathlib import Path

import pytest

from scatter.chain.deployment import DeploymentUnusable
from scatter.chain.keystore import Keystore
from scatter.daemon import founding
from scatter.daemon.datasets import FolderOfDatasets
from scatter.daemon.errors import AlreadyRunning, NodeFolderUnusable, SettingsError
from scatter.daemon.founding import Plan, found
from scatter.daemon.lock import alone_in, running_api
from scatter.daemon.reading import read_settings
from scatter.daemon.token import create_token, read_token
from scatter.p2p.identity_file import read_identity
from scatter.protocol.ids import address
from scatter.protocol.states import Role


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    deployment = tmp_path / "given.json"
    deployment.write_text("{}")
    monkeypatch.setattr(founding.Deployment, "load", lambda path: None)
    return Plan('a "node"'.replace('"', "").replace(" ", "-"), Role.VALIDATOR, "http://127.0.0.1:8545", deployment)


def test_a_new_folder_has_all_that_a_node_needs(tmp_path: Path, plan: Plan) -> None:
    folder = tmp_path / "node"
    made = found(folder, plan, lambda: "correct horse")
    settings = read_settings(folder, {}, {})
    assert (settings.node.name, settings.node.role) == ("a-node", Role.VALIDATOR)
    account = Keystore.load(settings.place(settings.node.account.keystore)).unlock("correct horse")
    assert address(account.address) == made.account
    assert read_identity(settings.place(settings.node.peers.identity)).peer_id == made.peer_id
    assert len(read_token(settings.place(settings.node.api.token_file))) > 30
    assert (folder / "deployment.json").read_text() == "{}"
    for secret in ("account.json", "peer.pem", "api.token"):
        assert (folder / secret).stat().st_mode & 0o077 == 0
    with pytest.raises(NodeFolderUnusable, match="there already"):
        found(folder, plan, lambda: "another")


def test_an_interrupted_founding_keeps_its_keys(tmp_path: Path, plan: Plan) -> None:
    folder = tmp_path / "node"
    first = found(folder, plan, lambda: "correct horse")
    (folder / "node.toml").unlink()
    again = found(folder, plan, lambda: pytest.fail("no new account is made"))
    assert again.peer_id == first.peer_id
    Keystore.load(folder / "account.json").unlock("correct horse")


def test_a_keystore_of_ones_own(tmp_path: Path, plan: Plan) -> None:
    own = tmp_path / "mine.json"
    made = found(
        tmp_path / "node", Plan(plan.name, plan.role, plan.rpc_url, plan.deployment, own), lambda: pytest.fail("asked")
    )
    assert made.account is None
    assert read_settings(tmp_path / "node", {}, {}).node.account.keystore == own


def test_nothing_is_made_for_a_bad_deployment(tmp_path: Path) -> None:
    (tmp_path / "given.json").write_text("{}")
    plan = Plan("node", Role.TRAINER, "http://127.0.0.1:8545", tmp_path / "given.json")
    with pytest.raises(DeploymentUnusable):
        found(tmp_path / "node", plan, lambda: "x")
    assert not (tmp_path / "node").exists()


def test_one_node_at_a_time(tmp_path: Path) -> None:
    assert running_api(tmp_path) is None
    with alone_in(tmp_path) as lock:
        with pytest.raises(AlreadyRunning, match="is at work"), alone_in(tmp_path):
            pass
        with pytest.raises(AlreadyRunning, match="API"):
            running_api(tmp_path)
        lock.tell("http://127.0.0.1:4080")
        assert running_api(tmp_path) == "http://127.0.0.1:4080"
    assert running_api(tmp_path) is None, "what an ended node said does not count"
    with pytest.raises(NodeFolderUnusable), alone_in(tmp_path / "nowhere"):
        pass


def test_tokens_are_their_owners_alone(tmp_path: Path) -> None:
    file = tmp_path / "token"
    with pytest.raises(SettingsError, match="cannot be read"):
        read_token(file)
    create_token(file)
    token = read_token(file)
    create_token(file)
    assert read_token(file) == token, "one that is there is kept"
    file.chmod(0o644)
    with pytest.raises(SettingsError, match="chmod 600"):
        read_token(file)
    file.chmod(0o600)
    for bad in ("short", "has spaces in it, which no token has", "ümlaut-ümlaut-ümlaut"):
        file.write_text(bad)
        with pytest.raises(SettingsError, match="no token"):
            read_token(file)


def test_datasets_are_called_by_their_path(tmp_path: Path) -> None:
    datasets = FolderOfDatasets(tmp_path / "datasets")
    assert not datasets
    for name in ("digits-8x8/v1", "plain", "digits-8x8/v2", ".hidden"):
        (tmp_path / "datasets" / name).mkdir(parents=True)
        (tmp_path / "datasets" / name / "inputs.npy").write_bytes(b"x")
    (tmp_path / "datasets" / "empty").mkdir()
    (tmp_path / "datasets" / "plain" / "inner").mkdir()
    (tmp_path / "datasets" / "plain" / "inner" / "part.npy").write_bytes(b"x")
    assert list(datasets) == ["digits-8x8/v1", "digits-8x8/v2", "plain"], "found although they came later"
    assert datasets["digits-8x8/v1"] == tmp_path / "datasets" / "digits-8x8" / "v1"
    for foreign in ("..", "../datasets/plain", "/etc", "digits-8x8", "plain/inner", ""):
        assert foreign not in datasets
