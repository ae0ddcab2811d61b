"""Who is told, as people type it: what SNS would refuse, or mail to nobody, is refused with what was probably meant."""

from __future__ import annotations

import pytest

from vedette.cli.deploy_endpoints import subscription
from vedette.deploy.wanted import Pack
from vedette.detections.definition import Severity
from vedette.errors import UsageError

QUEUE = "arn:aws:sqs:eu-west-1:111122223333:alerts"


@pytest.mark.parametrize(
    ("protocol", "given", "endpoint", "least"),
    [
        ("email", "ops@example.com", "ops@example.com", Severity.MEDIUM),
        ("email", "high:o'neil+aws@mail.example.co.uk", "o'neil+aws@mail.example.co.uk", Severity.HIGH),
        ("email", "ops@xn--exmple-cua.com", "ops@xn--exmple-cua.com", Severity.MEDIUM),
        ("sms", "critical:+447911123456", "+447911123456", Severity.CRITICAL),
        ("https", "https://example.com:8443/a?b=c@d", "https://example.com:8443/a?b=c@d", Severity.LOW),
        ("https", "high:https://example.com/a", "https://example.com/a", Severity.HIGH),
        ("sqs", QUEUE, QUEUE, Severity.INFORMATIONAL),
        ("sqs", f"low:{QUEUE}.fifo", f"{QUEUE}.fifo", Severity.LOW),
    ],
)
def test_what_is_told_and_from_which_severity_on(protocol: str, given: str, endpoint: str, least: Severity) -> None:
    found = subscription(protocol, given)
    assert (found.protocol, found.endpoint, found.min_severity) == (protocol, endpoint, least)


@pytest.mark.parametrize(
    ("protocol", "given", "hint"),
    [
        (
            "email",
            "opsexample.com",
            "such as `ops@example.com` or, with a severity from which on, `high:ops@example.com`",
        ),
        ("email", "hihg:ops@example.com", "did you mean `high`?"),
        ("email", "urgent:ops@example.com", "before the colon stands a severity: informational, low, medium"),
        ("email", "ops@example.com ", "the address alone: `ops@example.com`"),
        ("email", "Ops <ops@example.com>", "the address alone: `ops@example.com`"),
        ("email", "ops@exämple.com", "SNS takes ASCII only"),
        ("email", "ops@localhost", "such as `"),
        ("email", "a@example.com,b@example.com", "such as `"),
        ("email", "high:", "after `high:` comes a mail address"),
        ("sms", "+44 7911 123-456", "without blanks and dashes: `+447911123456`"),
        ("sms", "07911123456", "such as `"),
        ("sms", "+1", "such as `"),
        ("sms", "+44791112345678901", "such as `"),
        ("sms", "+٤٤٧٩١١١٢٣٤٥٦", "such as `"),
        ("https", "http://example.com", "such as `"),
        ("https", "https://", "such as `"),
        ("https", "https://example.com/a b", "such as `"),
        ("sqs", "arn:aws:sqs:eu-west-1:1:x", "such as `"),
        ("sqs", "alerts", "such as `"),
    ],
)
def test_what_is_nobody_s_address_is_refused_with_what_was_meant(protocol: str, given: str, hint: str) -> None:
    with pytest.raises(UsageError, match=r"` is not an? ") as caught:
        subscription(protocol, given)
    assert str(caught.value.hint).startswith(hint)


@pytest.mark.parametrize("protocol", ["email", "sms", "https", "sqs"])
def test_of_the_cis_pack_everybody_hears_everything(protocol: str) -> None:
    """Its alarms are low and informational: with the usual severities nobody would hear of any."""
    ends = {"email": "a@example.com", "sms": "+441234567890", "https": "https://example.com/a", "sqs": QUEUE}
    assert subscription(protocol, ends[protocol], Pack.CIS).min_severity is Severity.INFORMATIONAL
    assert subscription(protocol, f"high:{ends[protocol]}", Pack.CIS).min_severity is Severity.HIGH


def test_a_password_in_an_address_is_refused_and_not_repeated() -> None:
    """It would stand in templates and in the kept options: no value of a secret does."""
    with pytest.raises(UsageError, match="would stand in templates") as caught:
        subscription("https", "high:https://user:hunter2@example.com/hook")
    assert "hunter2" not in f"{caught.value}{caught.value.hint}"
    assert "--webhook secret://aws/NAME" in str(caught.value.hint)
