"""How properties are searched: unhurried, and the same examples each time; nothing else is common to all tests.

A busy machine is no reason to fail, and a check before a merge is not the place for a new find. To look for one:
`pytest --hypothesis-profile search`.
"""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "steady", deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("search", settings.get_profile("steady"), derandomize=False, max_examples=2000)
settings.load_profile("steady")
