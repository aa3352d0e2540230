"""The one interface through which anybody drives a fleet, near (the Supervisor) and far (a client of its socket)."""
