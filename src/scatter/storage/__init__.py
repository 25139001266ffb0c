"""What is remembered in SQL: a node's task queue, what it made, what it sent, what it saw on the chain; and simulations.

`database.Database.open` brings the schema up to date; the queue, the artefacts, the outbox (`transactions`) and the event log
implement the ports on top of it; `workspaces`, `runs` and `interventions` keep what the web interface shows. SQLite today; the
statements keep to what PostgreSQL has too. Nothing is imported here: `memory` does without SQLAlchemy, which takes 0.3 s.
"""
