"""One wiring file per process we are: the only place where wings meet."""
