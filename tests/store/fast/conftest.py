"""No deadline for single examples: the machine may be busy."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("fast", deadline=None)
settings.load_profile("fast")
