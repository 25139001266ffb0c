"""A Scatter node: the one place that wires the rooms together.

`chain_view` turns the chain into views; `reconciler` asks the pure core what is owed and queues it; `worker` takes tasks
from the queue; `doing` holds one module for each kind of work. Everything here reaches the world through `scatter.ports`.
"""
