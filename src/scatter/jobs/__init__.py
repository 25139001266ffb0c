"""Job folders and what travels of them: definitions, checks, archives, evaluation shards, manifests.

Start with `folder.load_job`, which turns a folder or an archive into a checked `JobPackage`. Everything read here is
hostile until it is checked. Nothing here runs job code, knows a chain or a store, or writes but into folders it is given.
"""
