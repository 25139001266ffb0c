"""Scenarios: the same nodes and contracts as in a real network, some of them bent, on a chain whose time is free.

`scenario` says what can be asked for, `run` does it, `recording` keeps what happened, `figures` draws it.
"""
