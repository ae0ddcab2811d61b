"""Slack, Teams, PagerDuty against a real server: what is sent, and what each answer means."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from senders.receiving import Answer, Receiver
from senders.telling import empty, hostile, message, record
from vedette.alerts import render
from vedette.alerts.delivery import Dead, Outcome, Reason, Retry, Sent
from vedette.senders import PagerDutySender, SlackBot, SlackWebhook, TeamsSender
from waiting import held_port


def answer(document: object, status: int = 200, **headers: str) -> Answer:
    return Answer(status, json.dumps(document).encode(), {name.replace("_", "-"): v for name, v in headers.items()})


def kind(outcome: Outcome) -> str:
    if isinstance(outcome, Retry):
        return "credentials" if outcome.credentials else "retry"
    return type(outcome).__name__.lower()


def slack_webhook(receiver: Receiver) -> SlackWebhook:
    return SlackWebhook("chat", lambda: receiver.url("/services/T0/B0/abcdefgh"))


def slack_bot(receiver: Receiver) -> SlackBot:
    return SlackBot("chat", lambda: "xoxb-example-token", "C012345", receiver.url("/api/chat.postMessage"))


def teams(receiver: Receiver) -> TeamsSender:
    return TeamsSender("chat", lambda: receiver.url("/workflows/abc?sig=abcdefgh"))


def pagerduty(receiver: Receiver) -> PagerDutySender:
    return PagerDutySender("page", lambda: "R0UT1NGK3Y", receiver.url("/v2/enqueue"))


def test_a_slack_webhook_gets_the_blocks(receiver: Receiver) -> None:
    told = message()
    assert slack_webhook(receiver).send(told) == Sent()
    [request] = receiver.requests
    assert request.path == "/services/T0/B0/abcdefgh"
    assert request.json == render.slack(told.notice)
    assert request.headers["content-type"] == "application/json; charset=utf-8"
    assert request.headers["idempotency-key"] == told.key


@pytest.mark.parametrize(
    ("status", "body", "meaning"),
    [
        (200, b"ok", "sent"),
        (400, b"invalid_payload", "dead"),
        (403, b"invalid_token", "credentials"),
        (403, b"action_prohibited", "credentials"),
        (404, b"no_service", "credentials"),
        (404, b"channel_not_found", "dead"),
        (410, b"channel_is_archived", "dead"),
        (301, b"", "dead"),
        (302, b"", "retry"),
        (429, b"", "retry"),
        (500, b"rollup_error", "retry"),
        (503, b"", "retry"),
    ],
)
def test_what_a_slack_webhook_answers(receiver: Receiver, status: int, body: bytes, meaning: str) -> None:
    receiver.answers = [Answer(status, body)]
    outcome = slack_webhook(receiver).send(message())
    assert kind(outcome) == meaning
    if not isinstance(outcome, Sent):
        assert outcome.why.startswith(f"127.0.0.1 answered {status}")
        assert body.decode() in outcome.why


@pytest.mark.parametrize("make", [slack_webhook, slack_bot, teams, pagerduty])
def test_the_wish_to_wait_is_heard(receiver: Receiver, make: type[SlackWebhook]) -> None:
    receiver.answers = [Answer(429, b"", {"Retry-After": "30"})]
    outcome = make(receiver).send(message())  # type: ignore[arg-type,call-arg]
    assert isinstance(outcome, Retry)
    assert outcome.after == 30


def test_a_slack_bot_begins_a_thread_and_continues_it(receiver: Receiver) -> None:
    receiver.answers = [answer({"ok": True, "ts": "1795255262.000100"})]
    told = message()
    assert slack_bot(receiver).send(told) == Sent("1795255262.000100", "1795255262.000100")
    receiver.answers = [answer({"ok": True, "ts": "1795255300.000200"})]
    assert slack_bot(receiver).send(message(thread="1795255262.000100", key="k2")) == Sent(
        "1795255300.000200", "1795255262.000100"
    )
    first, second = (request.json for request in receiver.requests)
    assert receiver.requests[0].headers["authorization"] == "Bearer xoxb-example-token"
    assert first["channel"] == "C012345"
    assert first["blocks"] == render.slack(told.notice)["blocks"]
    assert first["metadata"] == {"event_type": "vedette_alert", "event_payload": {"key": told.key}}
    assert "thread_ts" not in first
    assert second["thread_ts"] == "1795255262.000100"


def test_a_thread_that_is_gone_is_left(receiver: Receiver) -> None:
    receiver.answers = [answer({"ok": False, "error": "thread_not_found"}), answer({"ok": True, "ts": "2.0"})]
    assert slack_bot(receiver).send(message(thread="1.0")) == Sent("2.0", "2.0")
    assert ["thread_ts" in request.json for request in receiver.requests] == [True, False]


@pytest.mark.parametrize(
    ("reply", "meaning", "words"),
    [
        (answer({"ok": False, "error": "invalid_auth"}), "credentials", "store its new bot token"),
        (answer({"ok": False, "error": "token_revoked"}), "credentials", "token_revoked"),
        (answer({"ok": False, "error": "missing_scope"}), "retry", "chat:write"),
        (answer({"ok": False, "error": "not_in_channel"}), "retry", "/invite"),
        (answer({"ok": False, "error": "ratelimited"}, Retry_After="3"), "retry", "ratelimited"),
        (answer({"ok": False, "error": "internal_error"}), "retry", "internal_error"),
        (answer({"ok": False, "error": "channel_not_found"}), "dead", "the channel's id"),
        (answer({"ok": False, "error": "invalid_blocks"}), "dead", "invalid_blocks"),
        (answer({"ok": False, "error": "thread_not_found"}), "dead", "thread_not_found"),
        (answer({"ok": False}), "retry", "no result"),
        (Answer(200, b"<html>maintenance</html>"), "retry", "<html>maintenance"),
        (Answer(200, b"[" * 60_000), "retry", "no result"),
        (Answer(502, b"bad gateway"), "retry", "answered 502: bad gateway"),
        (answer({"ok": True}), "sent", ""),
    ],
)
def test_what_slack_answers_a_bot(receiver: Receiver, reply: Answer, meaning: str, words: str) -> None:
    receiver.answers = [reply]
    outcome = slack_bot(receiver).send(message())
    assert kind(outcome) == meaning
    assert isinstance(outcome, Sent) or words in outcome.why


def test_teams_gets_the_card(receiver: Receiver) -> None:
    receiver.answers = [Answer(202, b"")]
    told = message()
    assert teams(receiver).send(told) == Sent()
    assert receiver.requests[0].json == render.teams(told.notice)
    assert receiver.requests[0].headers["idempotency-key"] == told.key


FAILED = b"Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error %d with ContextId x"


@pytest.mark.parametrize(
    ("status", "body", "meaning"),
    [
        (200, b"1", "sent"),
        (200, FAILED % 429, "retry"),
        (200, FAILED % 502, "retry"),
        (200, FAILED % 413, "dead"),
        (400, b"Bad payload", "dead"),
        (401, b'{"error":{"code":"DirectApiAuthorizationRequired"}}', "credentials"),
        (404, b"", "dead"),
        (413, b"", "dead"),
        (429, b"", "retry"),
        (504, b"", "retry"),
    ],
)
def test_what_teams_answers(receiver: Receiver, status: int, body: bytes, meaning: str) -> None:
    receiver.answers = [Answer(status, body)]
    assert kind(teams(receiver).send(message())) == meaning


def test_pagerduty_gets_an_event_with_the_key_of_the_incident(receiver: Receiver) -> None:
    receiver.answers = [answer({"status": "success", "dedup_key": "incident-1"}, 202)]
    told = message()
    assert pagerduty(receiver).send(told) == Sent("incident-1")
    event = receiver.requests[0].json
    assert event == {**render.pagerduty(told.notice), "routing_key": "R0UT1NGK3Y"}
    assert (event["event_action"], event["dedup_key"]) == ("trigger", "incident-1")


def test_pagerduty_is_told_that_it_is_over(receiver: Receiver) -> None:
    receiver.answers = [Answer(202, b"")]
    over = message(replace(record(), closed=record().opened + 300), reason=Reason.RESOLVED)
    assert pagerduty(receiver).send(over) == Sent("incident-1")
    assert receiver.requests[0].json["event_action"] == "resolve"


@pytest.mark.parametrize(
    ("status", "document", "meaning"),
    [
        (400, {"status": "invalid event", "errors": ["'payload.summary' is missing"]}, "dead"),
        (400, {"status": "invalid event", "errors": ["'routing_key' is invalid"]}, "credentials"),
        (403, {}, "credentials"),
        (413, {}, "dead"),
        (429, {"status": "throttle exceeded"}, "retry"),
        (500, {}, "retry"),
    ],
)
def test_what_pagerduty_answers(receiver: Receiver, status: int, document: object, meaning: str) -> None:
    receiver.answers = [answer(document, status)]
    assert kind(pagerduty(receiver).send(message())) == meaning


@pytest.mark.parametrize("make", [slack_webhook, slack_bot, teams, pagerduty])
@pytest.mark.parametrize("told", [hostile(), empty(), empty(Reason.SUMMARY), message(reason=Reason.TEST)])
def test_any_message_can_be_sent(receiver: Receiver, make: type[SlackWebhook], told: object) -> None:
    """Whatever stands in records, and a test about no alert: one request, of valid JSON."""
    receiver.answers = [answer({"ok": True, "ts": "1.0"})]
    assert isinstance(make(receiver).send(told), Sent)  # type: ignore[arg-type,call-arg]
    assert receiver.requests[0].json


def test_nobody_there_is_tried_again() -> None:
    dead = Receiver()
    with held_port() as port:
        dead.address = f"http://127.0.0.1:{port}"
        for sender in (slack_webhook(dead), slack_bot(dead), teams(dead), pagerduty(dead)):
            assert sender.send(message()) == Retry("127.0.0.1 refuses connections")
            sender.close()
    assert isinstance(Dead("x"), Dead)
