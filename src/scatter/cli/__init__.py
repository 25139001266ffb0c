"""The `scatter` command. Rooms below are imported inside the commands, so that `--help` answers at once."""
