"""Random numbers that Python and the figures' JavaScript draw alike."""

from cnnmath._random import uniform

__all__ = ["uniform"]
