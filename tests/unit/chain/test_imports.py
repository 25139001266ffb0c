"""What is heavy is imported late."""

import subprocess
import sys

import pytest

from scatter.chain.pairings import CURVE_ORDER

MODULES = ("abi", "artifacts", "bindings", "deployment", "keys", "rpc", "heads", "connection", "follower", "signer")

HEAVY = {"eth_account", "coincurve", "aiohttp", "py_ecc.fields"}


@pytest.mark.parametrize("module", [*MODULES, "deploy", "anvil", "transaction"])
def test_importing_pulls_nothing_heavy_in(module: str) -> None:
    script = f"import sys, scatter.chain.{module}; print(*{HEAVY}.intersection(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def said(script: str) -> list[str]:
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()


def test_signing_does_without_pairings_until_somebody_asks_for_them() -> None:
    sign = "import sys, scatter.chain.keys, eth_account; eth_account.Account.create().unsafe_sign_hash(32 * b'1')\n"
    assert said(sign + "print('py_ecc.bls.ciphersuites' in sys.modules)") == ["False"]
    # The public key of the secret key 1: the generator, compressed (RFC 9380, 8.8.1).
    generator = "97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac58"
    ask = "import py_ecc.bls, py_ecc.bls12_381 as b\nprint(py_ecc.bls.G2ProofOfPossession.SkToPk(1).hex()[:64], b.curve_order)"
    assert said(sign + ask) == [generator, str(CURVE_ORDER)]
    old = "from eth_keyfile.keyfile import bls\nprint(bls.SkToPk(1).hex()[:64])"
    assert said(sign + old) == [generator]


@pytest.mark.parametrize("module", ["simulation.run", "simulation.founding", "localnet.ground"])
def test_a_simulation_needs_no_database(module: str) -> None:
    assert (
        said(f"import sys, scatter.{module}; print(*{{'sqlalchemy', 'pyarrow', 'py_ecc.fields'}} & set(sys.modules))")
        == []
    )
