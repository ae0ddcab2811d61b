"""The tables of `[[channel]]`, one for each kind: values only. Credentials are references."""

# ruff: noqa: RUF009  (a declaration is a field, made once)

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from vedette.alerts.policy import Rate
from vedette.secrets import SecretRef
from vedette.settings.declare import required, setting
from vedette.settings.formats import ACCOUNT, ADDRESS, MAIL, NAME, PATH, PHONE, RATE, REGION, SECRET, TOPIC_ARN
from vedette.settings.kinds import FLAG, TEXT, choice, many, number


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSettings:
    """What every `[[channel]]` has."""

    kind: ClassVar[str]
    name: str = required(NAME, "its name, which routes use")
    rate: Rate | None = setting(
        RATE, "how much it bears; what is over comes as one summary", None, shown="that of `[policy]`"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class MaildirChannel(ChannelSettings):
    """`kind = "maildir"`: a mail folder on this machine, which `vedette mail` and any mail client show."""

    kind: ClassVar[str] = "maildir"
    path: str = setting(PATH, "the folder", "", shown="`$XDG_DATA_HOME/vedette/mail`")


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpChannel(ChannelSettings):
    """`kind = "smtp"`: mail."""

    kind: ClassVar[str] = "smtp"
    host: str = required(TEXT, "the mail server")
    port: int = setting(number(1, 65_535), "its port", 587)
    security: str = setting(
        choice("starttls", "tls", "none"),
        "STARTTLS, TLS from the first byte, or none (on this machine only)",
        "starttls",
    )
    from_: str = required(MAIL, "who the mail is from")
    to: tuple[str, ...] = required(many(MAIL), "who gets it")
    username: str | None = setting(TEXT, "who signs in to the server", None)
    password: SecretRef | None = setting(SECRET, "the password", None)


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsChannel(ChannelSettings):
    """What every channel in AWS has."""

    account: str | None = setting(ACCOUNT, "send with the role of this account, from `[accounts.ID]`", None)
    region: str | None = setting(REGION, "the region", None, shown="`region` of `[aws]`")


@dataclass(frozen=True, slots=True, kw_only=True)
class SnsChannel(AwsChannel):
    """`kind = "sns"`: an SNS topic, with the JSON, mail and SMS texts that CloudWatch publishes."""

    kind: ClassVar[str] = "sns"
    topic_arn: str = required(TOPIC_ARN, "the topic")
    plain: bool = setting(FLAG, "publish CloudWatch's texts byte for byte, without what Vedette adds", False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsChannel(AwsChannel):
    """`kind = "sms"`: text messages through SNS."""

    kind: ClassVar[str] = "sms"
    to: tuple[str, ...] = required(many(PHONE), "telephone numbers")
    sender_id: str | None = setting(TEXT, "the sender that is shown, in countries that allow one", None)


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackChannel(ChannelSettings):
    """`kind = "slack"`: Slack, by an incoming webhook, or by a bot's token (which keeps an incident in one thread)."""

    kind: ClassVar[str] = "slack"
    webhook: SecretRef | None = setting(SECRET, "the webhook's address", None)
    token: SecretRef | None = setting(SECRET, "the bot's token", None)
    channel: str | None = setting(TEXT, "with a token: the channel's id or name", None)


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamsChannel(ChannelSettings):
    """`kind = "teams"`: Microsoft Teams, by the webhook of a workflow."""

    kind: ClassVar[str] = "teams"
    webhook: SecretRef | None = required(SECRET, "the webhook's address")


@dataclass(frozen=True, slots=True, kw_only=True)
class PagerdutyChannel(ChannelSettings):
    """`kind = "pagerduty"`: PagerDuty, Events API version 2."""

    kind: ClassVar[str] = "pagerduty"
    routing_key: SecretRef | None = required(SECRET, "the integration's key")
    service_region: str = setting(choice("us", "eu"), "where the PagerDuty account is", "us")


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookChannel(ChannelSettings):
    """`kind = "webhook"`: an HTTP address of your own, called with CloudEvents."""

    kind: ClassVar[str] = "webhook"
    url: SecretRef | str | None = required(ADDRESS, "the address")
    key: SecretRef | None = setting(SECRET, "the key of the HMAC signature", None)


@dataclass(frozen=True, slots=True, kw_only=True)
class AppriseChannel(ChannelSettings):
    """`kind = "apprise"`: any service that Apprise knows."""

    kind: ClassVar[str] = "apprise"
    url: SecretRef | None = required(SECRET, "the Apprise address, which holds credentials")


Channel = (
    MaildirChannel | SmtpChannel | SnsChannel | SmsChannel | SlackChannel | TeamsChannel | PagerdutyChannel
    | WebhookChannel | AppriseChannel
)  # fmt: skip
CHANNELS: Mapping[str, type[Channel]] = {
    one.kind: one
    for one in (
        MaildirChannel, SmtpChannel, SnsChannel, SmsChannel, SlackChannel, TeamsChannel, PagerdutyChannel,
        WebhookChannel, AppriseChannel,
    )
}  # fmt: skip
