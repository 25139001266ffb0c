"""Nodes that lie, sleep and collude: one small class for each way to misbehave, bent out of `node.behaviour.Behaviour`.

Each class says in its docstring what it does and what the protocol should do to it; people who write scenarios read that.
`registry` lists them by name, `bent` is what a new one starts from, `persona` is what it knows of itself.
"""
