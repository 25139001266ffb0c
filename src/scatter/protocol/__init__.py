"""The rules of the Scatter protocol as pure functions: no I/O, no clock, integers only.

Start with `states` (what a job goes through), then `duties` (what a node owes now). The contracts enforce the same
rules; a differential test holds both against each other.
"""
