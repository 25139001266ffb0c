"""`scatter contracts`, as a process against a real chain."""

import asyncio
import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from e2e.running import SCATTER, one_object
from scatter.chain.anvil import find_anvil
from scatter.chain.connection import Connection
from scatter.protocol.ids import Address, address

PASSWORD = "correct horse"  # noqa: S105
NAMES = (
    *("ScatterToken", "BlockRandomness", "ScatterTimelock", "ScatterClaims"),
    *("ScatterDisputes", "ScatterProtocol", "ScatterRecords", "ScatterReputation"),
)
LONGEST = 60.0


@dataclass
class Deployer:
    """Somebody with a key, a folder and a chain."""

    network: Any
    folder: Path
    deployer: Address

    @property
    def out(self) -> Path:
        return self.folder / "deployment.json"

    def command(self, name: str, *arguments: str | Path) -> Sequence[str]:
        return [*SCATTER, "contracts", name, "--rpc-url", self.network.chain.url, *map(str, arguments)]

    def deploying(self, *arguments: str | Path) -> Sequence[str]:
        keystore = self.folder / "keystore.json"
        return self.command("deploy", "--keystore", keystore, "--out", self.out, *arguments)

    async def start(
        self, command: Sequence[str], *, password: str | None = PASSWORD, log: Path | None = None
    ) -> asyncio.subprocess.Process:
        environment = {**os.environ, "NO_COLOR": "1"}
        if password is not None:
            environment["SCATTER_KEYSTORE_PASSWORD"] = password
        return await asyncio.create_subprocess_exec(
            *command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if log is None else log.open("w"),
            env=environment,
            cwd=self.folder,
            start_new_session=True,
        )

    async def run(
        self, command: Sequence[str], *, password: str | None = PASSWORD, answer: str = ""
    ) -> tuple[int, str, str]:
        """Exit code, stdout and stderr."""
        process = await self.start(command, password=password)
        async with asyncio.timeout(LONGEST):
            out, err = await process.communicate(answer.encode())
        assert process.returncode is not None
        assert b"Traceback" not in err, err.decode()
        return process.returncode, out.decode(), err.decode()

    async def count(self) -> int:
        """Transactions of the deployer that were mined."""
        asked = self.network.connection.rpc.call
        return int(await asked("eth_getTransactionCount", self.deployer, "latest"), 16)

    async def until_waiting(self, wanted: int) -> None:
        """Wait until so many transactions wait for the next block."""
        async with asyncio.timeout(LONGEST):
            while True:
                if await self.network.chain.pending() == wanted:
                    return
                await asyncio.sleep(0.05)


@pytest.fixture
async def deployer(network: Any, tmp_path: Path) -> Deployer:
    account = await network.account("somebody")
    folder = tmp_path / "work"
    folder.mkdir()
    keystore = Account.encrypt(account.key, PASSWORD, kdf="scrypt", iterations=1024)
    (folder / "keystore.json").write_text(json.dumps(keystore))
    (folder / "key.txt").write_text(account.key.hex())
    return Deployer(network, folder, address(account.address))


async def test_deploy_again_and_verify(deployer: Deployer) -> None:
    code, out, err = await deployer.run(deployer.deploying("--yes", "--json"))
    assert code == 0, err
    deployment = json.loads(deployer.out.read_text())
    assert one_object(out) == {"deployment": str(deployer.out), **deployment}
    assert deployment["chain_id"] == 31337
    assert tuple(sorted(deployment["addresses"])) == tuple(sorted(NAMES))
    assert deployment["parameters"]["minimum_duration"] == 1
    assert f"chain 31337; {deployer.deployer} deploys and has 1,000.000000 ether" in err
    assert "about" in err
    assert err.index("ScatterToken is at") < err.index("ScatterReputation is at") < err.index("is written")
    assert await deployer.count() == len(NAMES)

    code, out, err = await deployer.run(deployer.deploying("--yes", "--json"))
    assert code == 0
    assert "nothing to do" in err
    assert one_object(out) == {"deployment": str(deployer.out), **deployment}
    assert await deployer.count() == len(NAMES)

    code, out, err = await deployer.run(deployer.command("verify", deployer.out, "--json"))
    assert code == 0, err
    report = one_object(out)
    assert report["ok"] is True
    assert {each["name"]: each["finding"] for each in report["contracts"]} == dict.fromkeys(NAMES, "same")


@pytest.mark.long
async def test_a_lost_file_is_written_again_without_a_transaction(deployer: Deployer) -> None:
    code, _, err = await deployer.run(deployer.deploying("--yes"))
    assert code == 0, err
    first = deployer.out.read_text()
    deployer.out.unlink()
    code, _, err = await deployer.run(deployer.deploying())
    assert code == 0, err
    assert "Deploy?" not in err
    assert deployer.out.read_text() == first
    assert await deployer.count() == len(NAMES)


@pytest.mark.parametrize("mined", [0, 1, 3])
async def test_killed_and_resumed(deployer: Deployer, mined: int) -> None:
    """kill -9 while the next transaction waits to be mined."""
    network = deployer.network
    await network.pause()
    process = await deployer.start(deployer.deploying("--yes"), log=deployer.folder / "log")
    await deployer.until_waiting(1)
    for _ in range(mined):
        await network.chain.mine()
        await deployer.until_waiting(1)
    process.kill()
    await process.wait()
    assert not deployer.out.exists()
    network.resume()
    await deployer.until_waiting(0)
    assert await deployer.count() == mined + 1

    code, _, err = await deployer.run(deployer.deploying("--yes"))
    assert code == 0, err
    if mined:
        assert f"{NAMES[0]} is at" in err.partition("to create")[0]
    assert await deployer.count() == len(NAMES)
    code, _, err = await deployer.run(deployer.command("verify", deployer.out))
    assert code == 0, err


@pytest.mark.long
async def test_two_at_once(deployer: Deployer) -> None:
    await deployer.network.pause()
    first = await deployer.start(deployer.deploying("--yes"), log=deployer.folder / "log")
    await deployer.until_waiting(1)
    code, _, err = await deployer.run(deployer.deploying("--yes"))
    assert code == 1
    assert "another command is at work" in err
    deployer.network.resume()
    assert await first.wait() == 0
    assert await deployer.count() == len(NAMES)


@pytest.mark.parametrize("answer", ["n\n", "\n", "", "perhaps\n"])
async def test_whoever_does_not_agree(deployer: Deployer, answer: str) -> None:
    code, out, err = await deployer.run(deployer.deploying(), answer=answer)
    assert (code, out) == (1, "")
    assert err.endswith("Deploy? [y/N] error: nothing was sent\n")
    assert sorted(path.name for path in deployer.folder.iterdir()) == ["key.txt", "keystore.json"]
    assert await deployer.count() == 0


@pytest.mark.long
async def test_whoever_agrees_and_types_the_password(deployer: Deployer) -> None:
    code, out, err = await deployer.run(deployer.deploying("--json"), password=None, answer=f"{PASSWORD}\ny\n")
    assert code == 0, err
    assert out.startswith("{")
    assert PASSWORD not in out + err
    assert await deployer.count() == len(NAMES)


@pytest.mark.long
async def test_a_plain_key(deployer: Deployer) -> None:
    command = deployer.command("deploy", "--private-key-file", "key.txt", "--yes")
    code, _, err = await deployer.run(command)
    assert code == 0, err
    assert deployer.out.exists(), "deployment.json in the current folder, without --out"


async def test_wrong_password(deployer: Deployer) -> None:
    code, _, err = await deployer.run(deployer.deploying("--yes"), password="wrong")
    assert (code, err) == (2, f"error: {deployer.folder / 'keystore.json'}: wrong password\n")
    assert await deployer.count() == 0


async def test_no_password(deployer: Deployer) -> None:
    code, _, err = await deployer.run(deployer.deploying("--yes"), password=None)
    assert code == 2
    assert "no password for" in err


@pytest.mark.long
async def test_wrong_chain(deployer: Deployer) -> None:
    code, _, err = await deployer.run(deployer.deploying("--yes"))
    assert code == 0, err
    content = json.loads(deployer.out.read_text())
    deployer.out.write_text(json.dumps({**content, "chain_id": 1}))
    for command in (deployer.deploying("--yes"), deployer.command("verify", deployer.out)):
        code, _, err = await deployer.run(command)
        assert code == 2
        assert "is on chain 31337, the deployment on chain 1" in err
    assert await deployer.count() == len(NAMES)


@pytest.mark.parametrize("other", ["1.{}", "31337.0x" + "12" * 20])
@pytest.mark.long
async def test_begun_elsewhere_or_by_somebody_else(deployer: Deployer, other: str) -> None:
    outbox = deployer.folder / f"deployment.json.{other.format(deployer.deployer)}.outbox"
    outbox.touch()
    code, _, err = await deployer.run(deployer.deploying("--yes"))
    assert code == 2
    assert "was begun on chain" in err
    assert await deployer.count() == 0


@pytest.mark.long
async def test_a_chain_that_has_lost_the_contracts(deployer: Deployer) -> None:
    code, _, err = await deployer.run(deployer.deploying("--yes"))
    assert code == 0, err
    before = deployer.out.read_text()
    where = json.loads(before)["addresses"]["ScatterToken"]
    await deployer.network.connection.rpc.call("anvil_setCode", where, "0x")
    code, _, err = await deployer.run(deployer.deploying("--yes"))
    assert code == 1
    assert "names contracts that this chain 31337 does not have" in err
    assert deployer.out.read_text() == before
    assert await deployer.count() == len(NAMES)


@pytest.mark.long
async def test_tampered_code_fails_verification(deployer: Deployer) -> None:
    code, _, err = await deployer.run(deployer.deploying("--yes"))
    assert code == 0, err
    where = json.loads(deployer.out.read_text())["addresses"]["ScatterRecords"]
    asked = deployer.network.connection.rpc.call
    await asked("anvil_setCode", where, await asked("eth_getCode", where, "latest") + "00")
    code, out, err = await deployer.run(deployer.command("verify", deployer.out, "--json"))
    assert code == 1
    report = one_object(out)
    assert report["ok"] is False
    findings = {each["name"]: each["finding"] for each in report["contracts"]}
    assert findings == {**dict.fromkeys(NAMES, "same"), "ScatterRecords": "different"}
    assert f"DIFFERENT ScatterRecords {where}" in err


async def test_too_little_to_pay_with(deployer: Deployer) -> None:
    await deployer.network.chain.set_balance(deployer.deployer, 10**12)
    code, _, err = await deployer.run(deployer.deploying("--yes"))
    assert code == 1
    assert f"{deployer.deployer} has too little" in err
    assert not list(deployer.folder.glob("*.outbox"))


@pytest.mark.long
async def test_bad_input(deployer: Deployer) -> None:
    url = ("--rpc-url", deployer.network.chain.url)
    keystore = ("--keystore", str(deployer.folder / "keystore.json"))
    (deployer.folder / "nonsense.json").write_text("[]")
    for arguments, said in (
        (("deploy", *url), "--keystore"),
        (("deploy", *url, *keystore, "--private-key-file", "key.txt"), "--keystore"),
        (("deploy", *url, "--private-key-file", "nothing.txt"), "nothing.txt cannot be read"),
        (("deploy", *url, "--keystore", "nonsense.json"), "nonsense.json is no keystore of version 3"),
        (("deploy", *url, *keystore, "--out", "nonsense.json", "--yes"), "nonsense.json is no deployment"),
        (("deploy", *url, *keystore, "--out", "no/where.json", "--yes"), "no is no folder"),
        (("deploy", *keystore, "--rpc-url", "localhost:8545"), "expected http://"),
        (("deploy", *keystore, "--rpc-url", "ftp://localhost"), "expected http://"),
        (("deploy", *keystore, "--rpc-url", "http://[::1"), "expected http://"),
        (("verify", *url, "nothing.json"), "nothing.json is no deployment"),
        (("verify", *url, "nonsense.json"), "nonsense.json is no deployment"),
    ):
        code, out, err = await deployer.run([*SCATTER, "contracts", *arguments])
        assert (code, out) == (2, ""), err
        assert said in err
    assert await deployer.count() == 0


@pytest.mark.long
async def test_a_server_that_is_not_there(deployer: Deployer) -> None:
    keystore = deployer.folder / "keystore.json"
    command = [*SCATTER, "contracts", "deploy", "--rpc-url", "http://127.0.0.1:9", "--keystore", str(keystore), "--yes"]
    code, _, err = await deployer.run(command)
    assert code == 1
    assert "no chain at http://127.0.0.1:9" in err


@pytest.mark.long
async def test_a_chain_that_is_not_for_development(deployer: Deployer) -> None:
    """Another chain id, and blocks by themselves: lower bounds as on any chain where money is."""
    command = (str(find_anvil()), "--port", "0", "--chain-id", "4242", "--accounts", "0")
    anvil = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        assert anvil.stdout is not None
        async with asyncio.timeout(LONGEST):
            while not (line := (await anvil.stdout.readline()).decode()).startswith("Listening on "):
                assert line, "anvil ended"
        url = f"http://{line.split()[-1]}"
        async with await Connection.open(url, None) as connection:
            await connection.rpc.call("anvil_setBalance", deployer.deployer, hex(10**18))
        keystore = ("--keystore", "keystore.json", "--yes")
        code, _, err = await deployer.run([*SCATTER, "contracts", "deploy", "--rpc-url", url, *keystore])
        assert code == 0, err
        code, _, err = await deployer.run([*SCATTER, "contracts", "verify", "--rpc-url", url, "deployment.json"])
        assert code == 0, err
        deployment = json.loads(deployer.out.read_text())
        assert deployment["chain_id"] == 4242
        assert deployment["parameters"]["minimum_duration"] == 3600
        assert "BlockRandomness" in deployment["addresses"]
        # The same file cannot be meant for the first chain.
        code, _, err = await deployer.run(deployer.deploying("--yes"))
        assert code == 2
        assert "is on chain 31337, the deployment on chain 4242" in err
    finally:
        anvil.kill()
        await anvil.wait()
    assert await deployer.count() == 0


@pytest.mark.parametrize("command", [("contracts",), ("contracts", "deploy"), ("contracts", "verify")])
def test_help_imports_nothing_heavy(command: tuple[str, ...]) -> None:
    script = (
        "import sys\n"
        f"sys.argv = ['scatter', *{command!r}, '--help']\n"
        "from scatter.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = {'eth_account', 'eth_abi', 'sqlalchemy', 'numpy', 'aiohttp'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run([SCATTER[0], "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    assert "--help" in done.stdout
