"""Vedette: AWS security monitoring that says who did what, from where, and what to do now.

This module holds the version and nothing else, so that importing `vedette` costs nothing.
"""

__version__ = "0.1.0"
