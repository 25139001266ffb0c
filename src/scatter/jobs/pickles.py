"""Finding pickles: whoever opens one runs what its maker wanted, so they do not travel, whatever they are called."""

from pathlib import PurePosixPath

from scatter.jobs.errors import JobError
from scatter.jobs.paths import shown

_NAMES = frozenset({".pkl", ".pickle", ".pt", ".pth", ".ckpt", ".joblib", ".dill"})
_PROTOCOLS = tuple(bytes((0x80, protocol)) for protocol in range(2, 6))
_ZIP = b"PK\x03\x04"
_ZIPPED = b"/data.pkl"
"""What PyTorch calls the pickle inside of its zip files (`torch.save`, since 1.6)."""


def refuse_pickle(path: str, content: bytes) -> None:
    """Raises JobError when a file is a pickle by its name, or by its content: protocols 2 to 5, PyTorch's zips."""
    if PurePosixPath(path).suffix.lower() in _NAMES:
        raise JobError(
            f"{shown(path)} is a pickle by its name; models travel as safetensors, everything else as plain data"
        )
    zipped = content.startswith(_ZIP) and _ZIPPED in content
    if zipped or content.startswith(_PROTOCOLS):
        raise JobError(f"{shown(path)} is a pickle; models travel as safetensors, everything else as plain data")
