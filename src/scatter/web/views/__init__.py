"""What pages show, worked out of documents and records. Pure: nothing here reads a clock, a file or a socket."""
