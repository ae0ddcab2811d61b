"""The webhook: a CloudEvent whose signature a receiver can verify, and which it cannot be fooled with."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from senders.receiving import Answer, Receiver
from senders.telling import empty, hostile, message
from vedette.alerts.delivery import Dead, Retry, Sent
from vedette.senders import WebhookSender
from vedette.senders.signature import WINDOW, SignatureError, key_bytes, sign, verify
from vedette.senders.webhook import message_id

NOW = 1_795_255_262
OLD, NEW = "whsec_b2xkIGtleSBvZiBleGFtcGxl", "a-new-key-of-example"


def sender(receiver: Receiver, *keys: str, token: str = "") -> WebhookSender:
    return WebhookSender(
        "hook",
        lambda: receiver.url(),
        tuple((lambda key=key: key) for key in keys),  # type: ignore[misc]
        (lambda: token) if token else None,
        clock=lambda: NOW + 0.9,
    )


def test_the_event_and_its_signature(receiver: Receiver) -> None:
    told = message()
    assert sender(receiver, NEW, token="bearer-token").send(told) == Sent(told.key)
    [request] = receiver.requests
    event = request.json
    assert (event["specversion"], event["id"], event["subject"]) == ("1.0", told.key, "incident-1")
    assert request.headers["content-type"] == "application/cloudevents+json; charset=utf-8"
    assert request.headers["authorization"] == "Bearer bearer-token"
    assert request.headers["idempotency-key"] == told.key
    assert verify([NEW], request.headers, request.body, NOW) == told.key


def test_the_signature_is_that_of_the_standard() -> None:
    """Standard Webhooks: base64 of HMAC-SHA256 over `id.timestamp.body`, with the bytes behind `whsec_` as key."""
    headers = sign([OLD], "msg_1", NOW, b'{"a":1}')
    expected = hmac.new(b"old key of example", b'msg_1.%d.{"a":1}' % NOW, hashlib.sha256).digest()
    assert headers == {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(NOW),
        "webhook-signature": "v1," + base64.b64encode(expected).decode(),
    }


def test_while_a_key_is_being_changed_both_receivers_are_content(receiver: Receiver) -> None:
    for made in (sender(receiver, NEW, OLD), sender(receiver, f"{NEW}\n{OLD}\n")):
        assert isinstance(made.send(message()), Sent)
    for request in receiver.requests:
        for known in ([OLD], [NEW], [NEW, OLD]):
            assert verify(known, request.headers, request.body, NOW)
        with pytest.raises(SignatureError):
            verify(["another"], request.headers, request.body, NOW)


def test_without_keys_nothing_is_signed(receiver: Receiver) -> None:
    assert isinstance(sender(receiver).send(message()), Sent)
    assert "webhook-signature" not in receiver.requests[0].headers
    with pytest.raises(SignatureError, match="not signed"):
        verify([NEW], receiver.requests[0].headers, receiver.requests[0].body, NOW)


@pytest.mark.parametrize(
    ("late", "accepted"), [(0, True), (WINDOW, True), (-WINDOW, True), (WINDOW + 1, False), (-301, False)]
)
def test_the_window(late: int, accepted: bool) -> None:
    headers = sign([NEW], "id", NOW, b"{}")
    if accepted:
        assert verify([NEW], headers, b"{}", NOW + late) == "id"
    else:
        with pytest.raises(SignatureError, match="too old"):
            verify([NEW], headers, b"{}", NOW + late)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_nothing_can_be_changed(data: st.DataObject) -> None:
    """A message with another id, time, body or signature than was signed is refused."""
    body = b'{"alerts": 1}'
    headers = sign([OLD, NEW], "id", NOW, body)
    name = data.draw(st.sampled_from([*headers, "body"]))
    old = body.decode() if name == "body" else headers[name]
    new = data.draw(st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), max_size=60))
    if new == old or (name == "webhook-signature" and set(new.split()) & set(old.split())):
        return
    if name == "body":
        body = new.encode()
    else:
        headers = {**headers, name: new}
    with pytest.raises(SignatureError):
        verify([OLD, NEW], headers, body, NOW)


@pytest.mark.parametrize("headers", [{}, {"webhook-id": "a"}, {"webhook-id": "a", "webhook-timestamp": "now"}])
def test_what_is_not_signed(headers: dict[str, str]) -> None:
    with pytest.raises(SignatureError, match="not signed"):
        verify([NEW], headers, b"", NOW)


@pytest.mark.parametrize("key", ["a/b:c", "a.b", "x y", "ä.", "\ud800"])
def test_ids_are_visible_and_without_dots(key: str) -> None:
    found = message_id(key)
    assert found.isascii()
    assert "." not in found
    assert (found == key) is (key == "a/b:c")


def test_keys() -> None:
    assert key_bytes("whsec_" + base64.b64encode(b"\x00\xff").decode()) == b"\x00\xff"
    with pytest.raises(SignatureError, match="not base64"):
        key_bytes("whsec_not base64!")


def test_a_key_that_cannot_be_used_asks_for_another(receiver: Receiver) -> None:
    outcome = sender(receiver, "whsec_?").send(message())
    assert outcome == Retry("the key after `whsec_` is not base64", credentials=True)
    assert not receiver.requests


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_any_success_is_one(receiver: Receiver, status: int) -> None:
    receiver.answers = [Answer(status, b"")]
    assert isinstance(sender(receiver).send(message()), Sent)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (400, Dead("127.0.0.1 answered 400: no")),
        (401, Retry("127.0.0.1 answered 401: no", credentials=True)),
        (404, Dead("127.0.0.1 answered 404: no")),
        (408, Retry("127.0.0.1 answered 408: no")),
        (410, Dead("127.0.0.1 answered 410: no")),
        (500, Retry("127.0.0.1 answered 500: no")),
    ],
)
def test_other_statuses(receiver: Receiver, status: int, outcome: object) -> None:
    receiver.answers = [Answer(status, b"no")]
    assert sender(receiver).send(message()) == outcome


@pytest.mark.parametrize("told", [hostile(), empty()])
def test_hostile_records_are_data(receiver: Receiver, told: object) -> None:
    assert isinstance(sender(receiver, NEW).send(told), Sent)  # type: ignore[arg-type]
    [request] = receiver.requests
    assert request.body.isascii()
    assert json.loads(request.body)["data"]
    assert verify([NEW], request.headers, request.body, NOW)
