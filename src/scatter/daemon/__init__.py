"""A node as a process of its own: its folder, its one file of settings, its life from start to end.

`settings` says what the file may hold, `reading` reads it, `founding` makes a new folder. `assembly` makes the parts of a
node out of settings, `running` is the process.
"""
