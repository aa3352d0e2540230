"""hactl: run a highly available API gateway, watch it, break it on purpose, and prove that it came back.

Eight nouns carry everything:

    Fleet        the immutable picture of everything now
    Command      what an operator, a drill or a script asks for
    Observation  what the world reports
    Event        what happened; the only thing that changes a Fleet; journaled
    Effect       what the shell must do next
    Operation    an accepted command that takes time; ends exactly once
    Controller   the one interface through which every client drives a fleet
    Engine       the one adapter for a kind of process

The layers of the code; each imports only from those below it, and packages on one line never import each other
(`lint-imports` checks both):

    __main__  ctk/            the command; the entry point for the Chaos Toolkit
    cli/                      the headless face; opens the others only when asked
    tui/  processes/          the console; one wiring module per kind of process that hactl runs as
    drill/                    drills, load and measurement, from the client's side
    supervisor/  engines/  control/  store/  config
    core/  paths              the ground: pure decisions, and where things are
"""

__version__ = "0.1.0"
