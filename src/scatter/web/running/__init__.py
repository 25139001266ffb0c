"""Runs: each in a process of its own, which writes what happens into the store; the server starts processes and reads along."""
