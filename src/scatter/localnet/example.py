"""Where the examples are: in the wheel, or in the checkout that an editable install points to."""

from pathlib import Path

EXAMPLES = ("digits", "synthetic")
"""The jobs that come with Scatter."""
_PACKAGE = Path(__file__).resolve().parents[1]


def example_job(name: str = "digits") -> Path:
    """The folder of an example job."""
    return _place(Path("examples", "jobs", name))


def example_scenario(name: str) -> Path | None:
    """The file of an example scenario by its name, like `paper-1`; None when there is none of that name."""
    file = _place(Path("examples", "scenarios", f"{name}.toml"))
    return file if file.is_file() else None


def _place(path: Path) -> Path:
    installed = _PACKAGE / path
    return installed if installed.exists() else _PACKAGE.parents[1] / path
