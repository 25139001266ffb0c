"""docs/tutorial.md does what it says: its blocks run in order, in an empty folder, as one shell would run them."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

TUTORIAL = Path(__file__).resolve().parents[2] / "docs" / "tutorial.md"
BLOCK = re.compile(r"^<!-- run -->\n```bash\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LONGEST_SECONDS = 300


@pytest.mark.long
def test_every_block_runs(tmp_path: Path) -> None:
    blocks = BLOCK.findall(TUTORIAL.read_text())
    assert len(blocks) == TUTORIAL.read_text().count("<!-- run -->")
    assert any("scatter demo" in block for block in blocks)
    scripts = Path(sys.executable).parent
    done = subprocess.run(
        [
            "bash",
            "-euo",
            "pipefail",
            "-c",
            "\n".join(f"echo '--- block {n}' >&2\n{b}" for n, b in enumerate(blocks, 1)),
        ],
        cwd=tmp_path,
        env={**os.environ, "PATH": f"{scripts}:{os.environ['PATH']}", "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    assert "refused with exit code 2" in done.stdout
    assert "scores of round 1: changed by" in done.stdout
    assert (tmp_path / "first" / "learning-curve.png").stat().st_size > 0
