"""Scenario documents: TOML texts that are edited block by block, so that comments and layout stay as they are."""
