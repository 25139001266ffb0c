"""Content: CIDs as IPFS computes them, encryption, a local store, fetching from peers that nobody trusts."""
