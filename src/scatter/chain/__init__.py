"""The EVM: the contracts' bindings, following the chain, sending transactions, deploying, and the development chain.

Hardly anything is imported here: eth_account and its friends are heavy, and most of this package does without.
"""

from scatter.chain import pairings as _pairings

_pairings.come_later()
