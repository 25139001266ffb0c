"""Keeps py_ecc's pairings out of this process until somebody asks for them.

eth_account brings eth_keyfile, which takes two names from them for keys of validators of Ethereum (EIP-2335). Nobody here has such
keys, and the pairings work out tables while they are imported: 0.3 s of processor time in every process that signs.
"""

import importlib
import sys
from types import ModuleType
from typing import Any

PLACES = ("py_ecc.bls", "py_ecc.bls12_381")
CURVE_ORDER = 52435875175126190479447740508185965837690552500527637822603658699938581184513
"""Of BLS12-381, as in RFC 9380: how many points there are in its groups."""


def come_later() -> None:
    """Have small modules stand in for the pairings, unless they are here already."""
    _import_with_limit("py_ecc")
    for name in PLACES:
        if name not in sys.modules:
            sys.modules[name] = _StandIn(name)


class _StandIn(ModuleType):
    """Has what eth_keyfile takes when it is imported; anything else brings the real module."""

    curve_order = CURVE_ORDER

    class G2ProofOfPossession:
        """Signatures; the real ones come when they are used."""

        @staticmethod
        def SkToPk(key: int) -> bytes:  # noqa: N802 — as there
            """The public key of a secret one."""
            return bytes(_real("py_ecc.bls").G2ProofOfPossession.SkToPk(key))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(_real(self.__name__), name)


def _real(name: str) -> Any:
    """The module itself, in the place of all that stand in."""
    for place in PLACES:
        if isinstance(sys.modules.get(place), _StandIn):
            del sys.modules[place]
    return _import_with_limit(name)


def _import_with_limit(name: str) -> Any:
    """py_ecc raises Python's recursion limit to 100,000 when it is imported. Then a stranger's deeply nested JSON no longer ends
    in a RecursionError but in a crash of the process, out of C stack. So: import it here, and undo that."""
    limit = sys.getrecursionlimit()
    module = importlib.import_module(name)
    sys.setrecursionlimit(limit)
    return module
