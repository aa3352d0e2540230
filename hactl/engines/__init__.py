"""The engines: one door each to a kind of process. They are strangers to one another."""
