"""From a channel's settings to its sender. Each kind's module is imported when a channel of that kind is set up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from vedette.app.accounts import Accounts
from vedette.secrets import Credential, SecretRef, Secrets
from vedette.senders.port import Renewing, Sender
from vedette.settings.channel_tables import (
    AppriseChannel,
    Channel,
    MaildirChannel,
    PagerdutyChannel,
    SlackChannel,
    SmsChannel,
    SmtpChannel,
    SnsChannel,
    TeamsChannel,
    WebhookChannel,
)  # fmt: skip


def make_sender(channel: Channel, secrets: Secrets, accounts: Accounts) -> Sender:
    """The sender of a channel; nothing is connected, and no secret read, before it sends.

    Raises InputError for what only the sender can judge, VedetteError for an extra that is not installed.
    """
    used = [ref for ref in secrets_of(channel) if ref is not None]
    sender = _sender(channel, lambda ref: secrets.credential(ref), accounts)
    return Renewing(sender, lambda: _renewed(secrets, used)) if used else sender


def secrets_of(channel: Channel) -> Sequence[SecretRef]:
    """The references that a channel uses."""
    match channel:
        case SmtpChannel(password=ref) | TeamsChannel(webhook=ref) | PagerdutyChannel(routing_key=ref):
            found = [ref]
        case SlackChannel(webhook=webhook, token=token):
            found = [webhook, token]
        case WebhookChannel(url=url, key=key):
            found = [url if isinstance(url, SecretRef) else None, key]
        case AppriseChannel(url=ref):
            found = [ref]
        case _:
            found = []
    return [ref for ref in found if ref is not None]


def _renewed(secrets: Secrets, refs: Sequence[SecretRef]) -> bool:
    changed = [secrets.renew(ref) for ref in refs]  # every one, not only up to the first that changed
    return any(changed)


def _sender(channel: Channel, credential: Callable[[SecretRef], Credential], accounts: Accounts) -> Sender:
    match channel:
        case MaildirChannel():
            from vedette.senders.maildir import MaildirSender

            return MaildirSender(channel.name, Path(channel.path))
        case SmtpChannel():
            return _smtp(channel, credential)
        case SnsChannel() | SmsChannel():
            return _sns(channel, accounts)
        case AppriseChannel():
            from vedette.senders.apprise import AppriseSender

            assert channel.url is not None
            return AppriseSender(channel.name, credential(channel.url))
        case _:
            return _over_http(channel, credential)


def _smtp(channel: SmtpChannel, credential: Callable[[SecretRef], Credential]) -> Sender:
    from vedette.senders.smtp import MailServer, Security, SmtpSender

    server = MailServer(channel.host, channel.port, Security(channel.security), channel.username or "")
    password = None if channel.password is None else credential(channel.password)
    return SmtpSender(channel.name, server, channel.from_, channel.to, password)


def _sns(channel: SnsChannel | SmsChannel, accounts: Accounts) -> Sender:
    from vedette.senders.sns import SmsSender, SnsSender

    session = accounts.session(channel.account)
    if isinstance(channel, SnsChannel):
        region = channel.region or channel.topic_arn.split(":")[3]
        return SnsSender(channel.name, session.client("sns", region), channel.topic_arn, channel.plain)
    return SmsSender(channel.name, session.client("sns", channel.region), channel.to, channel.sender_id or "")


def _over_http(
    channel: SlackChannel | TeamsChannel | PagerdutyChannel | WebhookChannel,
    credential: Callable[[SecretRef], Credential],
) -> Sender:
    match channel:
        case SlackChannel(webhook=webhook) if webhook is not None:
            from vedette.senders.slack import SlackWebhook

            return SlackWebhook(channel.name, credential(webhook))
        case SlackChannel():
            from vedette.senders.slack import SlackBot

            assert channel.token is not None
            return SlackBot(channel.name, credential(channel.token), channel.channel or "")
        case TeamsChannel():
            from vedette.senders.teams import TeamsSender

            assert channel.webhook is not None
            return TeamsSender(channel.name, credential(channel.webhook))
        case PagerdutyChannel():
            from vedette.senders.pagerduty import PagerDutySender

            assert channel.routing_key is not None
            return PagerDutySender(channel.name, credential(channel.routing_key), _pagerduty_api(channel))
        case WebhookChannel():
            from vedette.senders.webhook import WebhookSender

            keys = () if channel.key is None else (credential(channel.key),)
            return WebhookSender(channel.name, _address(channel, credential), keys)


def _pagerduty_api(channel: PagerdutyChannel) -> str:
    from vedette.senders.pagerduty import API

    return API.replace("events.", "events.eu.") if channel.service_region == "eu" else API


def _address(channel: WebhookChannel, credential: Callable[[SecretRef], Credential]) -> Callable[[], str]:
    url = channel.url
    assert url is not None
    if isinstance(url, SecretRef):
        return credential(url)
    plain: str = url
    return lambda: plain
