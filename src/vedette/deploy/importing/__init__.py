"""From metric filters and alarms that exist (in an account, a Terraform or a CloudFormation file) to detections.

`account` and `files` find what is there, `judge` says what is wrong with it and which built-in detection asks the same,
and `writing` makes detection files. Nothing in AWS is changed.
"""

from vedette.deploy.importing.account import read_account
from vedette.deploy.importing.files import read_files
from vedette.deploy.importing.found import Found
from vedette.deploy.importing.judge import Judged, Verdict, judge
from vedette.deploy.importing.writing import Written, written

__all__ = ["Found", "Judged", "Verdict", "Written", "judge", "read_account", "read_files", "written"]
