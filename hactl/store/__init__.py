"""What must survive: the journal and the lock."""
