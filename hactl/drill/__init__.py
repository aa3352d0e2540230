"""What looks at a fleet from the client's side: drills, load and measurement. Knows a Controller, never a Supervisor.

definition  keys  reading  library      what a drill file says
plan  gate  faults                      what that comes to in one fleet, and whether it may be
phases  runner                          the engine; loan, injecting, watching and following are its hands
canary  records  evidence               what was measured
recovery_time  measure  judging  verdict  advice    what that means
report  markdown  runs  recovering      what is kept of it
load  load_plan  load_process           clients, in a process of their own
demo  demo_report  timeline             the story of `hactl demo`
"""
