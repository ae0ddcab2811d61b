"""The text of a new detection file: commented, and passing `check` and `test` as it stands."""

from __future__ import annotations

from vedette.detections.reading import ID
from vedette.errors import UsageError

_TEMPLATE = """\
# A detection: what is asked of each CloudTrail record, when the answers become an alarm, and what to do then.
# Every key is described in docs/reference/detection-file.md; `vedette detections check` and `test` judge this file.

id: {id}
title: {title}
severity: medium                 # informational, low, medium, high, critical

description: >-
  Somebody deleted an Amazon SNS topic.

why: >-
  Say here, for somebody who did not write this file, what an attacker or a mistake gains by it.

false_positives:
  - When it is harmless.

respond:
  - What to look at first, with the command for it.
  - What to do if nobody planned it.

# A filter pattern of CloudWatch Logs. Mind that `!=` does not hold of a field that is missing (add
# `|| $.field NOT EXISTS`), and that a JSON boolean is asked for with `IS TRUE`.
pattern: >-
  {{ $.eventSource = "sns.amazonaws.com" && $.eventName = "DeleteTopic" && $.errorCode NOT EXISTS }}

# Matches are summed over 5 minutes, and one is enough; a count of its own for each value of `group_by`.
alarm: {{statistic: Sum, period: 300, threshold: 1}}
group_by: [actor]                # or fields, such as $.sourceIPAddress; [] for one alert of all

tests:
  - name: a topic is deleted
    matches: true
    event:                       # what is left out here is filled in: time, region, address, identity, ids
      eventSource: sns.amazonaws.com
      eventName: DeleteTopic
      requestParameters: {{topicArn: "arn:aws:sns:us-east-1:111122223333:orders"}}
  - name: the call was refused
    matches: false
    event:
      eventSource: sns.amazonaws.com
      eventName: DeleteTopic
      errorCode: AuthorizationErrorException
  - name: a topic is created
    matches: false
    event:
      eventSource: sns.amazonaws.com
      eventName: CreateTopic
      requestParameters: {{name: orders}}
  - name: one match raises the alarm
    points: 1 _                  # one a minute; `_` is none
    states: ALARM ALARM
"""


def scaffold(detection_id: str) -> str:
    """A detection file to start from; UsageError if the id is not words of small letters and digits joined by `-`."""
    if not ID.fullmatch(detection_id):
        raise UsageError(f"`{detection_id}` cannot be an id", hint="words of small letters and digits joined by `-`")
    words = detection_id.replace("-", " ")
    return _TEMPLATE.format(id=detection_id, title=words[0].upper() + words[1:])
