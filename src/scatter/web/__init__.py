"""Simulations in the browser: `scatter web`.

`documents` edits scenario files without losing a letter of them. `running` runs them, each in a process of its own that outlives
the server, and follows what they write. `record` is what happened in a run, in memory. `views` is pure: what a page shows, from
documents and records. `pages` and `api` are routes on top of it, `app` puts all together. docs/web.md is the reference.
"""
