"""What `hactl doctor` looks at, one module for each kind of trouble; `doctor` itself only asks and prints.

    finding      what a check looks at and what it says
    machine      the machine: Envoy, limits, memory, clock
    addresses    ports
    state        the state directory and hactl.toml
    certificate  of the edges
    alerts       what alerts will need
    schedules    what schedules of drills will need
    running      a fleet that runs: versions, strangers, old clients
    service      the systemd unit

A check changes nothing and raises nothing that keeps the others from looking.
"""
