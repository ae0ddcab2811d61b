"""Settings: `vedette.toml` and VEDETTE_ variables, checked whole, each value knowing where it came from.

    file, variables ─ positions ─► Document ─ reading ─► tables ─ assembly, checks ─► Settings ─► Policy

Credentials are references only. Nothing here opens a source, a store or a channel.
"""

from vedette.settings.checks import check_detection_ids
from vedette.settings.load import load_settings, parse_settings
from vedette.settings.model import Origin, Settings
from vedette.settings.policy import policy_of

__all__ = ["Origin", "Settings", "check_detection_ids", "load_settings", "parse_settings", "policy_of"]
