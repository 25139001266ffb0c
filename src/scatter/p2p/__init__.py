"""Peers: who they are, and how they ask one another."""
