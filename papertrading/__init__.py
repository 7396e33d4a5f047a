"""The roof: wiring only. Nothing below imports it."""

__version__ = "0.1.0"
