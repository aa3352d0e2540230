"""The ground floor: values and decisions, nothing else.

Everything here is pure. There is no clock (time is an argument), no socket, no process, no file, no log and no
randomness (jitter is a hash). What the world does arrives as values, what should be done leaves as values.
"""
