"""Channels' ways out: each sender renders a notice for its channel and hands it over.

Senders know neither the store nor the settings nor where secrets are kept; `app` puts them together. What each needs
to be told, and how it fails, is in docs/guide/channels.md.
"""

from vedette.senders.apprise import AppriseSender
from vedette.senders.http import HttpClient
from vedette.senders.maildir import MaildirSender
from vedette.senders.pagerduty import PagerDutySender
from vedette.senders.port import Credential, Message, Renewing, Sender
from vedette.senders.slack import SlackBot, SlackWebhook
from vedette.senders.smtp import MailServer, Security, SmtpSender
from vedette.senders.sns import SmsSender, SnsSender
from vedette.senders.teams import TeamsSender
from vedette.senders.webhook import WebhookSender

__all__ = [
    "AppriseSender",
    "Credential",
    "HttpClient",
    "MailServer",
    "MaildirSender",
    "Message",
    "PagerDutySender",
    "Renewing",
    "Security",
    "Sender",
    "SlackBot",
    "SlackWebhook",
    "SmsSender",
    "SmtpSender",
    "SnsSender",
    "TeamsSender",
    "WebhookSender",
]
