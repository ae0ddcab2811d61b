"""CloudWatch Logs filter patterns, as the service itself reads and answers them.

`FilterPattern.parse` gives a pattern that can be asked about messages; a pattern that the service would reject raises
`vedette.errors.PatternSyntaxError`. This room knows nothing of CloudTrail, and reads no files.
"""

from vedette.patterns.pattern import FilterPattern

__all__ = ["FilterPattern"]
