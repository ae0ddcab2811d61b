"""From a notice to the message of each kind of channel. Pure: nothing is sent, no clock is read.

Every text of a record was written by whoever acted, and is taken for an attack: `clean` makes it harmless to read, and
each channel escapes it for its medium. No channel fails on any text.
"""

from vedette.alerts.notice import Notice
from vedette.alerts.render import cloudwatch
from vedette.alerts.render.letter import EmailContent, email, plain
from vedette.alerts.render.pagerduty import pagerduty
from vedette.alerts.render.slack import slack
from vedette.alerts.render.sms import sms
from vedette.alerts.render.teams import teams
from vedette.alerts.render.webhook import places_document, usual_document, webhook

__all__ = [
    "EmailContent",
    "cloudwatch_email",
    "cloudwatch_json",
    "cloudwatch_sms",
    "cloudwatch_subject",
    "email",
    "pagerduty",
    "places_document",
    "plain",
    "slack",
    "sms",
    "teams",
    "usual_document",
    "webhook",
]


def cloudwatch_json(notice: Notice) -> str:
    """What CloudWatch publishes as `default` of the notice's first alert; `notice.narrowed()` gives one for each."""
    return cloudwatch.default_json(_first(notice))


def cloudwatch_subject(notice: Notice) -> str:
    """The subject that CloudWatch gives the notice's first alert."""
    return cloudwatch.subject(_first(notice))


def cloudwatch_sms(notice: Notice) -> str:
    """The SMS that CloudWatch publishes of the notice's first alert; may take more than one part, as AWS's does."""
    return cloudwatch.sms(_first(notice))


def cloudwatch_email(notice: Notice, *, context: bool = False) -> str:
    """The e-mail that CloudWatch publishes of the notice's first alert; with `context`, our text under it."""
    body = cloudwatch.email_body(_first(notice))
    return f"{body}\n\n{plain(notice)}" if context else body


def _first(notice: Notice) -> cloudwatch.Notification:
    return cloudwatch.notification(notice.alerts[0], notice)
