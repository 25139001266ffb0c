"""A whole network on one machine: a development chain and nodes in one process, for demonstrations and tests.

The nodes, the contracts and the sandbox are the real ones; only peers talk in memory, the chain is a development chain,
and its clock jumps when nobody has anything to do.
"""
