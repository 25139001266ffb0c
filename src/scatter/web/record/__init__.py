"""What happened in a run, in memory: tables that grow with each event, and whoever follows them."""
