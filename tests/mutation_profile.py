"""A plugin of pytest for `make mutation`: few examples, always the same, and no search for the smallest.

A mutant must only be noticed; the time that a small example of it takes is worth it for our own mistakes.
"""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, settings

settings.register_profile(
    "mutation",
    max_examples=30,
    phases=(Phase.explicit, Phase.generate),
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
settings.load_profile("mutation")
