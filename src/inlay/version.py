"""The version, alone in a leaf, so that a file can note it without importing its own package."""

__version__ = "0.1.0"
