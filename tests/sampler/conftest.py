"""The Hypothesis profile: time is measured in benchmarks, never asserted in tests."""

from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
