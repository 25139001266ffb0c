"""A client of a node's HTTP API, for commands and for whoever runs many nodes. It knows addresses and JSON, and nothing of nodes."""
