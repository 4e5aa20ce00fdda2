"""Our own version: recorded with what we make, never part of its identity."""

__version__ = "0.1.0"
