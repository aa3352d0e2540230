"""The client's view of a fleet: drills, load and measurement. Knows a Controller, never a Supervisor.

definition  keys  reading  library      what a drill file says; tables, limit_keys, extending and schema besides
plan  gate  faults                      what that comes to in one fleet, and whether it may be
phases  runner                          the engine; loan, injecting, watching and following are its hands
canary  records  evidence               what was measured
recovery_time  measure  judging  verdict  advice    what that means
report  runs  recovering  filing        what is kept of it
document                                what a report says; markdown, page and junit are its faces, with spans, charts
                                        and markup
figures  comparing  board               runs side by side, and how ready a fleet is
chaostoolkit                            a drill as an experiment of another tool
load  load_plan  load_process           clients, in a process of their own
demo  demo_report  timeline             the story of `hactl demo`
"""
