"""The EVM: the contracts' bindings, following the chain, sending transactions, deploying, and the development chain.

Nothing is imported here: web3 and its friends are heavy, and most of this package does without.
"""
