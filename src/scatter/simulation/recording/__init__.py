"""What happened in a simulation, as tables: written block by block by `Recorder`, read back by `Recorded`."""
