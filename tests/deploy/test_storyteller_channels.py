"""How stories reach channels: each is tried, none twice, and no secret shows; what the variable says is checked."""

from __future__ import annotations

import pytest

from deploy.stories import (
    NOW,
    Stage,
    action,
    environment,
    hook,
    notification_2026,
    root_login,
    sns,
    stage,
    state_change,
)
from senders.receiving import Answer, Receiver, receiving
from vedette.deploy.storyteller import handler as entry
from vedette.deploy.storyteller.config import read_config
from vedette.deploy.storyteller.storyteller import UntoldError
from vedette.detections.definition import Severity
from vedette.errors import InputError, ProblemsError, VedetteError

IN_WINDOW = NOW - 300


def test_every_channel_is_tried_before_anything_is_raised(receiver: Receiver) -> None:
    with receiving() as broken:
        broken.answers = [Answer(500)]
        both = stage(hook(broken.url(), "broken"), hook(receiver.url(), "whole"))
        both.logs.put(IN_WINDOW, root_login())
        with pytest.raises(UntoldError, match=r"^broken: ") as raised:
            both.hear(notification_2026())
        assert len(receiver.requests) == 1
        assert broken.address not in str(raised.value)
        assert [line["channel"] for line in both.said("not told")] == ["broken"]
        broken.answers = [Answer()]
        assert both.hear(notification_2026()) == 1
        assert (len(broken.requests), len(receiver.requests)) == (2, 1), "what was told is not told again"
        assert {request.headers["idempotency-key"] for request in broken.requests} == {
            broken.requests[0].headers["idempotency-key"]
        }


def test_a_bug_in_one_channel_does_not_silence_the_others(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    from vedette.deploy.storyteller import telling

    both = stage(hook(receiver.url(), "broken"), hook(receiver.url(), "whole"))
    make = telling.make_sender

    def broken(channel: object, *rest: object) -> object:
        if getattr(channel, "name", "") == "broken":
            raise RuntimeError("a bug")
        return make(channel, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(telling, "make_sender", broken)
    both.logs.put(IN_WINDOW, root_login())
    with pytest.raises(UntoldError, match="broken: RuntimeError: a bug"):
        both.hear(notification_2026())
    assert len(receiver.requests) == 1


def test_a_secret_that_is_missing_is_said_and_never_shown(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK", "")
    channel = hook(receiver.url()) | {"secret": "secret://env/HOOK", "options": {}}
    both = stage(channel, hook(receiver.url(), "whole"))
    both.logs.put(IN_WINDOW, root_login())
    with pytest.raises(UntoldError, match="`HOOK` is not set"):
        both.hear(notification_2026())
    assert len(receiver.requests) == 1


def test_a_secret_in_an_answer_is_not_logged(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK", receiver.url("/t0ken-of-the-hook"))
    receiver.echo = True
    receiver.answers = [Answer(400)]
    one = stage(hook("") | {"secret": "secret://env/HOOK", "options": {}})
    one.logs.put(IN_WINDOW, root_login())
    with pytest.raises(UntoldError) as raised:
        one.hear(notification_2026())
    assert "t0ken" not in str(raised.value)
    assert "t0ken" not in one.journal.getvalue()


def test_a_secret_in_a_fault_of_ours_is_not_shown(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    from vedette.senders.webhook import WebhookSender

    def faulty(sender: WebhookSender, message: object) -> None:
        raise RuntimeError(f"no port in {sender.url()}")

    monkeypatch.setenv("HOOK", receiver.url("/t0ken-of-the-hook"))
    monkeypatch.setattr(WebhookSender, "send", faulty)
    one = stage(hook("") | {"secret": "secret://env/HOOK", "options": {}})
    with pytest.raises(UntoldError, match="RuntimeError: no port in") as raised:
        one.hear(notification_2026() | {"NewStateReason": "a test"})
    assert "t0ken" not in str(raised.value)
    assert "t0ken" not in one.journal.getvalue()


def test_a_transition_that_comes_twice_is_told_once(at_hook: Stage, receiver: Receiver) -> None:
    """Lambda and SNS deliver at least once, and an alarm may be wired twice."""
    at_hook.logs.put(IN_WINDOW, root_login())
    for event in (action(), state_change(), sns(notification_2026()), action()):
        assert at_hook.hear(event) == 1
    assert len(receiver.requests) == 1


def test_what_was_told_is_not_remembered_for_ever(
    at_hook: Stage, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vedette.deploy.storyteller import telling

    monkeypatch.setattr(telling, "REMEMBERED", 2)
    at_hook.logs.put(IN_WINDOW, root_login())
    for moment in (NOW, NOW + 60, NOW + 120, NOW):
        at_hook.hear(notification_2026(changed=moment) | {"NewStateReason": f"a test {moment}"})
    assert len(receiver.requests) >= 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ({}, "not a JSON object"),
        ({"VEDETTE_CONFIG": "{"}, "not a JSON object"),
        ({"VEDETTE_CONFIG": "{}"}, "does not say `name`"),
        (environment({"name": "x", "kind": "fax"}), "unknown kind of channel"),
        (environment({"name": "x", "kind": "slack", "secret": "https://hooks.example.com/s3cr3t"}), "reference"),
        (environment({"name": "x", "kind": "smtp", "options": {"host": "a", "colour": "red"}}), "colour"),
    ],
)
def test_a_configuration_that_cannot_be_used_is_refused_without_its_secret(text: dict[str, str], message: str) -> None:
    with pytest.raises((InputError, ProblemsError), match=message) as raised:
        read_config(text)
    assert "s3cr3t" not in str(raised.value)


def test_a_channel_is_read_as_the_settings_would() -> None:
    config = read_config(
        environment(
            {
                "name": "mail", "kind": "smtp", "secret": "secret://aws/vedette/smtp#password",
                "options": {
                    "host": "smtp.example.com", "port": "2525", "from": "vedette@example.com",
                    "to": "ops@example.com, \"quoted\"@example.com", "username": "vedette", "security": "tls",
                },
            },
            {"name": "bot", "kind": "slack", "secret": "secret://aws/slack#token", "options": {"channel": "#alerts"}},
            {"name": "chat", "kind": "slack", "secret": "secret://aws/slack#url"},
            severity={"root-login": "critical"},
        )
    )  # fmt: skip
    mail, bot, chat = config.channels
    assert (mail.port, mail.to) == (2525, ("ops@example.com", '"quoted"@example.com'))  # type: ignore[union-attr]
    assert str(mail.password) == "secret://aws/vedette/smtp#password"  # type: ignore[union-attr]
    assert (str(bot.token), bot.channel, bot.webhook) == ("secret://aws/slack#token", "#alerts", None)  # type: ignore[union-attr]
    assert str(chat.webhook) == "secret://aws/slack#url"  # type: ignore[union-attr]
    assert config.severity == {"root-login": Severity.CRITICAL}


def test_the_function_keeps_what_it_made(monkeypatch: pytest.MonkeyPatch) -> None:
    class Context:
        def get_remaining_time_in_millis(self) -> int:
            return 120_000

    monkeypatch.setattr(entry, "_kept", {})
    monkeypatch.setenv("VEDETTE_CONFIG", environment()["VEDETTE_CONFIG"])
    assert entry.handler(notification_2026("billing"), Context()) == {"stories": 0}
    kept = entry._storyteller()
    assert entry.handler(notification_2026("billing"), Context()) == {"stories": 0}
    assert entry._storyteller() is kept
    with pytest.raises(VedetteError):
        entry.handler({}, Context())
