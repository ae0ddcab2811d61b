"""A realistic AWS account and attacks on it, as CloudTrail log files with the truth beside them.

Pure: the day, the seed and the sizes are arguments, nothing reads a clock. Only `write` touches the disk.
"""

from vedette.simulate.day import DEFAULT_ACCOUNTS, Scenario, generate, scenarios
from vedette.simulate.delivery import LogFile
from vedette.simulate.writer import Summary, write

__all__ = ["DEFAULT_ACCOUNTS", "LogFile", "Scenario", "Summary", "generate", "scenarios", "write"]
