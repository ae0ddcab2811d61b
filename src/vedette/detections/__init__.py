"""Detections: what is asked of records, read from YAML, judged, and tested.

This room reads files and answers values; it runs no scan and sends nothing.
"""
