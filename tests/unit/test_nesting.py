"""Deeply nested text from outside is refused: it must not take the process down.

py_ecc, which eth_account brings, raises the recursion limit so far that Python's own JSON reader runs out of C stack. These tests run in a
process of their own, which imports what a node imports.
"""

import subprocess
import sys

import pytest

IMPORTS = "import scatter.chain.signer, eth_account, py_ecc.bls, scatter.node.node, sys\n"
NESTED = 'b"[" * 60_000'


def said(code: str) -> str:
    run = subprocess.run([sys.executable, "-c", IMPORTS + code], capture_output=True, text=True, check=False)
    assert run.returncode == 0, f"exit code {run.returncode}: {run.stderr[-500:]}"
    return run.stdout.strip()


def test_no_library_has_raised_the_recursion_limit() -> None:
    assert said("print(sys.getrecursionlimit())") == "1000"


@pytest.mark.parametrize(
    ("reading", "error"),
    [
        (f"from scatter.jobs.manifests import UpdateManifest; UpdateManifest.from_bytes({NESTED})", "ManifestError"),
        (f"from scatter.jobs.definition import parse_definition; parse_definition(b'x = ' + {NESTED})", "JobError"),
        (
            f"from scatter.learning.models import read_model; n = {NESTED}; read_model(len(n).to_bytes(8, 'little') + n)",
            "ModelError",
        ),
        (
            "import asyncio; from scatter.runtime.report import read_report\n"
            "async def main():\n"
            f" s = asyncio.StreamReader(1 << 20); s.feed_data({NESTED} + b'\\n'); s.feed_eof(); await read_report(s, [], 9)\n"
            "asyncio.run(main())",
            "BrokenReport",
        ),
    ],
    ids=["manifest", "job.toml", "model", "report"],
)
def test_what_strangers_send_is_refused(reading: str, error: str) -> None:
    wrapped = "\n".join(f"    {line}" for line in reading.splitlines())
    assert said(f"try:\n{wrapped}\nexcept Exception as error:\n    print(type(error).__name__)") == error
