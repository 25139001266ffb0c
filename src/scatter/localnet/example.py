"""Where the example job is: in the wheel, or in the checkout that an editable install points to."""

from pathlib import Path

_NAME = Path("examples", "jobs", "digits")
_PACKAGE = Path(__file__).resolve().parents[1]


def digits_job() -> Path:
    """The folder of the digits job."""
    installed, checkout = _PACKAGE / _NAME, _PACKAGE.parents[1] / _NAME
    return installed if installed.is_dir() else checkout
