"""What outlives a daemon: the journal, the measurements, and the lock that lets one daemon write them."""
