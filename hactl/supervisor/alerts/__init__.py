"""Delivering alerts, beside the loop: whatever a receiver does, it costs the fleet nothing.

courier     one worker per receiver: what is owed to it, one at a time, with tries and pauses
payload     what receivers are sent
delivery    hands one alert over once, to a webhook or to a program
webhook     an HTTP request
program     a process with a deadline
secrets     `env:NAME` and `file:PATH`, looked up for each delivery and kept nowhere
aside       calls that may never come back
"""
