"""From what is wanted to CloudFormation stacks. Pure: the same wish gives the same bytes.

base          key, bucket, log group, role, trail; topics, subscriptions, the queue of what did not arrive
storyteller   the function, its role, who may call it, and its alarm
detections-N  a metric filter and an alarm for each detection
overview      rules over alarms, an alarm over all of each severity, the dashboard
events        EventBridge rules
"""

from vedette.deploy.template.assembly import build
from vedette.deploy.template.values import resolve

__all__ = ["build", "resolve"]
