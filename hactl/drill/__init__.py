"""What looks at a fleet from the client's side: load and measurement. Knows a Controller, never a Supervisor."""
