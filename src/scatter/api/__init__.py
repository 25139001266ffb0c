"""The HTTP API of one node, for its operator: `/api/v1`, described by OpenAPI.

`app` puts it together, `resources` has one module for each kind of thing, `models` what they answer with, `problems` what
goes wrong. It reaches the node through `operated.Operated`, and knows nothing of how one is started.
"""
