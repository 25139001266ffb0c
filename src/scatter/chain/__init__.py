"""The EVM: the contracts' bindings, following the chain, sending transactions, deploying, and the development chain.

Hardly anything is imported here: web3 and its friends are heavy, and most of this package does without.
"""

import sys as _sys

# py_ecc, which web3 brings along, raises Python's recursion limit to 100,000 when it is imported. Then a stranger's deeply
# nested JSON no longer ends in a RecursionError but in a crash of the process, out of C stack. So: import it here, and undo that.
_limit = _sys.getrecursionlimit()
import py_ecc as _py_ecc  # noqa: E402, F401

_sys.setrecursionlimit(_limit)
