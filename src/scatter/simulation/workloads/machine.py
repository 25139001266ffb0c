"""The machine of one node: honest machines do not agree to the last bit."""

import hashlib
import io
from collections.abc import Mapping

import numpy as np

from scatter.learning.contributions import UNITS
from scatter.ports import Sandbox, SandboxResult, SandboxRun


class Machine:
    """`scatter.ports.Sandbox` of a node whose predictions are off by up to `noise` units of 1e-5, so that contributions, which are
    differences of two scores, differ from another machine's by up to four times that, mostly by less.

    How far they are off follows from the seed, the node's name and what was predicted.
    """

    def __init__(self, sandbox: Sandbox, seed: bytes, noise: int) -> None:
        self._sandbox = sandbox
        self._seed = seed
        self._noise = noise

    async def run(self, run: SandboxRun) -> SandboxResult:
        """See `Sandbox`."""
        result = await self._sandbox.run(run)
        if not self._noise:
            return result
        outputs = {name: self._off(content) for name, content in result.outputs.items() if name.endswith(".npy")}
        return _with(result, {**result.outputs, **outputs})

    def _off(self, content: bytes) -> bytes:
        array = np.load(io.BytesIO(content), allow_pickle=False)
        digest = hashlib.sha256(self._seed + content).digest()
        shift = (int.from_bytes(digest[:8], "big") % (2 * self._noise + 1) - self._noise) / UNITS
        moved = io.BytesIO()
        np.save(moved, np.maximum(array + shift, 0.0))
        return moved.getvalue()


def _with(result: SandboxResult, outputs: Mapping[str, bytes]) -> SandboxResult:
    return SandboxResult(result.exit_code, result.reason, result.stderr, outputs, result.seconds)
