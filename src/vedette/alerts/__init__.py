"""Alerts: episodes of alarms with their evidence, and the words and documents that tell of them.

Nothing here draws on a terminal or sends anything.
"""
