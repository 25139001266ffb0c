"""Where the example jobs are: in the wheel, or in the checkout that an editable install points to."""

from pathlib import Path

EXAMPLES = ("digits", "synthetic")
"""The jobs that come with Scatter."""
_FOLDER = Path("examples", "jobs")
_PACKAGE = Path(__file__).resolve().parents[1]


def example_job(name: str = "digits") -> Path:
    """The folder of an example job."""
    installed, checkout = _PACKAGE / _FOLDER / name, _PACKAGE.parents[1] / _FOLDER / name
    return installed if installed.is_dir() else checkout
