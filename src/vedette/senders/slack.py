"""Slack: an incoming webhook, or a bot token, which can keep an incident in one thread.

Sources: Slack "Sending messages using incoming webhooks", "chat.postMessage" and "Rate limits". The delivery's key is
in the message's metadata (bot), and in the header `Idempotency-Key`, which Slack ignores.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from vedette.alerts import render
from vedette.alerts.delivery import Dead, Outcome, Retry, Sent
from vedette.senders import hook
from vedette.senders.answers import as_json, document, retry_after, said, settled, without
from vedette.senders.http import JSON, HttpClient, Response, key_header
from vedette.senders.port import Credential, Message, read

API = "https://slack.com/api/chat.postMessage"

_REVOKED = frozenset({"invalid_token", "no_service", "no_service_id", "no_team", "team_disabled"})
"""Answers of a webhook whose address is not valid any more: a new one is a new secret."""

_CREDENTIALS = frozenset(
    {
        "account_inactive",
        "invalid_auth",
        "not_authed",
        "token_expired",
        "token_revoked",
        "two_factor_setup_required",
    }
)

_LATER = frozenset(
    {
        "accesslimited",
        "fatal_error",
        "internal_error",
        "message_limit_exceeded",
        "rate_limited",
        "ratelimited",
        "request_timeout",
        "rollup_error",
        "service_unavailable",
        "team_added_to_org",
    }
)

_MENDABLE = {
    "missing_scope": "give the app the scope chat:write, and install it again",
    "no_permission": "give the app the scope chat:write, and install it again",
    "not_in_channel": "invite the app to the channel: /invite @NAME",
    "org_login_required": "the workspace is being moved",
    "ekm_access_denied": "an administrator of the workspace has suspended posting",
}
"""What a person can mend while the message waits."""

_HINTS = {
    "channel_not_found": "use the channel's id (C…), and invite the app to it if it is private",
    "is_archived": "the channel is archived: name another",
    "channel_is_archived": "the channel is archived: name another",
}

_NO_THREAD = frozenset({"cannot_reply_to_message", "invalid_thread_ts", "message_not_found", "thread_not_found"})


@dataclass(frozen=True, slots=True)
class SlackWebhook:
    """An incoming webhook; its address is a secret. It tells no timestamp, so there are no threads."""

    name: str
    url: Credential
    http: HttpClient = field(default_factory=HttpClient)

    def send(self, message: Message) -> Outcome:
        """Post it to the webhook."""
        return hook.post(self.http, self.url, render.slack(message.notice), message.key, _webhook_outcome)

    def close(self) -> None:
        """Nothing is held."""


@dataclass(frozen=True, slots=True)
class SlackBot:
    """A bot's token and a channel (its id, or `#name`)."""

    name: str
    token: Credential
    channel: str
    api: str = API
    http: HttpClient = field(default_factory=HttpClient)

    def send(self, message: Message) -> Outcome:
        """Post it: into the incident's thread, or beside it if the thread is gone."""
        token = read(self.token)
        if isinstance(token, Retry):
            return token
        outcome, error = self._post(message, token, message.thread)
        if error in _NO_THREAD and message.thread:
            outcome, _ = self._post(message, token, "")
        return outcome

    def close(self) -> None:
        """Nothing is held."""

    def _post(self, message: Message, token: str, thread: str) -> tuple[Outcome, str]:
        body = {
            **render.slack(message.notice),
            "channel": self.channel,
            "metadata": {"event_type": "vedette_alert", "event_payload": {"key": message.key}},
        }
        if thread:
            body["thread_ts"] = thread
        headers = {"Content-Type": JSON, "Authorization": f"Bearer {token}", **key_header(message.key)}
        response = self.http.post(self.api, as_json(body), headers)
        if isinstance(response, Retry):
            return response, ""
        return _bot_outcome(response, token, thread)


def _webhook_outcome(response: Response, url: str) -> Outcome:
    word = response.body.decode("utf-8", "replace").strip()
    if response.status >= 400 and word in _REVOKED:
        hint = "make a new webhook, and store its address in place of the old one"
        return Retry(f"{response.host} answered {response.status}: {word}\nhint: {hint}", credentials=True)
    if response.status >= 400 and word in _HINTS:
        return Dead(f"{response.host} answered {response.status}: {word}\nhint: {_HINTS[word]}")
    return settled(response, hide=(url,))


def _bot_outcome(response: Response, token: str, thread: str) -> tuple[Outcome, str]:
    answer = document(response)
    error = answer.get("error")
    if response.status == 200 and answer.get("ok") is True:
        stamp = answer.get("ts")
        reference = stamp if isinstance(stamp, str) else ""
        return Sent(reference, thread or reference), ""
    if not isinstance(error, str) or response.status == 429:
        if response.status == 200:
            return Retry(f"{response.host} answered no result{said(response, (token,))}"), ""
        return settled(response, hide=(token,)), ""
    return _refusal(response, without(error, (token,))[:80]), error


def _refusal(response: Response, error: str) -> Outcome:
    why = f"{response.host} refused it: {error}"
    if error in _CREDENTIALS:
        return Retry(f"{why}\nhint: install the app again, and store its new bot token", credentials=True)
    if error in _LATER:
        return Retry(why, retry_after(response))
    if error in _MENDABLE:
        return Retry(f"{why}\nhint: {_MENDABLE[error]}")
    return Dead(f"{why}\nhint: {_HINTS[error]}" if error in _HINTS else why)
