"""The command line answers before anything heavy is imported."""

import subprocess
import sys

HEAVY = (
    "aiohttp",
    "eth_account",
    "numpy",
    "sqlalchemy",
    "matplotlib",
    "cryptography",
    "pydantic",
    "safetensors",
    "libp2p",
)


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "sys.argv = ['scatter', '--help']\n"
        "from scatter.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    assert "demo" in done.stdout
    assert "job" in done.stdout
