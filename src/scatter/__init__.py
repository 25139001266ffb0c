"""Scatter: incentivized, trustless, decentralized federated learning."""

__version__ = "0.1.0"
