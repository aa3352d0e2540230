"""hactl: run a highly available API gateway, watch it, break it on purpose, and prove that it came back.

Eight nouns carry everything:

    Fleet        the immutable picture of everything now
    Command      what somebody asks for
    Observation  what the world reports
    Event        what happened; the only thing that changes a Fleet; journaled
    Effect       what the shell must do next
    Operation    an accepted command that takes time; ends exactly once
    Controller   the one interface through which anybody drives a fleet
    Engine       the one door to a kind of process

The floors of the house; a room knows only what lies below it, and wings on one floor are strangers
(`lint-imports` checks both):

    __main__  ctk/            the command; the door for the Chaos Toolkit
    cli/                      the headless face; opens the others only when asked
    tui/  processes/          the console; one wiring file per process we are
    drill/                    drills, load and measurement, from the client's side
    supervisor/  engines/  control/  store/  config
    core/  paths              the ground: pure decisions, and where things are
"""

__version__ = "0.1.0"
