"""What AWS refused, in words; the texts of denials are those that AWS's services send."""

from __future__ import annotations

import pytest
from botocore import exceptions
from hypothesis import given
from hypothesis import strategies as st

from vedette.aws.actions import action_of, resource_of
from vedette.aws.errors import Answer, AwsError, Failure, error_of, failure_of
from vedette.aws.silence import silent_error
from vedette.errors import printable

TOPIC = "arn:aws:sns:us-east-1:111122223333:alerts"


def answer(code: str, message: str = "", status: int = 400) -> Answer:
    return Answer(code, message, status, "sns:Publish", TOPIC)


DENIALS = [
    (
        "AuthorizationError",
        (
            "User: arn:aws:iam::111122223333:user/monitor is not authorized to perform: SNS:Publish on resource: "
            f"{TOPIC} because no identity-based policy allows the SNS:Publish action"
        ),
        "SNS:Publish",
        TOPIC,
        f"allow `SNS:Publish` on `{TOPIC}`",
    ),
    (
        "AccessDeniedException",
        (
            "User: arn:aws:sts::111122223333:assumed-role/monitor/i-0 is not authorized to perform: "
            "secretsmanager:GetSecretValue on resource: smtp because no identity-based policy allows the "
            "secretsmanager:GetSecretValue action"
        ),
        "secretsmanager:GetSecretValue",
        "smtp",
        "allow `secretsmanager:GetSecretValue` on `smtp`",
    ),
    (
        "AccessDenied",
        (
            "User: arn:aws:iam::111122223333:user/monitor is not authorized to perform: s3:GetObject on resource: "
            '"arn:aws:s3:::trail/x" with an explicit deny in a resource-based policy'
        ),
        "s3:GetObject",
        "arn:aws:s3:::trail/x",
        "explicitly: change that statement",
    ),
    ("AccessDenied", "Access Denied", "sns:Publish", TOPIC, f"allow `sns:Publish` on `{TOPIC}`"),
    ("403", "Forbidden", "sns:Publish", TOPIC, f"allow `sns:Publish` on `{TOPIC}`"),
]


@pytest.mark.parametrize(("code", "message", "action", "resource", "hint"), DENIALS)
def test_a_denial_names_the_permission(code: str, message: str, action: str, resource: str, hint: str) -> None:
    error = error_of(answer(code, message, 403))
    assert error.failure is Failure.DENIED
    assert (error.action, error.resource) == (action, resource)
    assert hint in (error.hint or "")
    assert f"`{action}` on `{resource}` is not allowed" in error.message


def test_a_denial_about_nothing_in_particular_is_about_everything() -> None:
    error = error_of(Answer("AccessDenied", "no", 403, "sns:ListTopics", ""))
    assert error.hint == "allow `sns:ListTopics` on `*`"


@pytest.mark.parametrize(
    ("code", "status", "failure"),
    [
        ("ExpiredToken", 403, Failure.CREDENTIALS),
        ("InvalidClientTokenId", 403, Failure.CREDENTIALS),
        ("UnrecognizedClientException", 400, Failure.CREDENTIALS),
        ("Throttling", 400, Failure.THROTTLED),
        ("Throttled", 429, Failure.THROTTLED),
        ("ResourceNotFoundException", 400, Failure.MISSING),
        ("InternalError", 500, Failure.BROKEN),
        ("ServiceUnavailable", 503, Failure.BROKEN),
        ("InvalidParameter", 400, Failure.REFUSED),
        ("", 401, Failure.CREDENTIALS),
        ("", 403, Failure.DENIED),
        ("", 404, Failure.MISSING),
        ("", 429, Failure.THROTTLED),
        ("", 0, Failure.REFUSED),
    ],
)
def test_codes_and_statuses(code: str, status: int, failure: Failure) -> None:
    assert failure_of(code, status) is failure
    assert error_of(answer(code, "words", status)).failure is failure


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("ExpiredTokenException", "aws sso login"),
        ("RequestTimeTooSkewed", "clock"),
        ("SignatureDoesNotMatch", "get-caller-identity"),
    ],
)
def test_credentials_are_explained_and_aws_words_left_out(code: str, hint: str) -> None:
    error = error_of(answer(code, "The canonical string for this request should have been X-Amz-Security-Token:abc"))
    assert error.message == f"{code}: AWS does not accept the credentials"
    assert hint in (error.hint or "")


def test_other_answers_keep_their_words() -> None:
    assert error_of(answer("InvalidParameter", "Invalid parameter: Subject")).render() == (
        "InvalidParameter: Invalid parameter: Subject"
    )
    assert error_of(answer("Throttling", "Rate exceeded")).render() == (
        "Throttling: Rate exceeded\nhint: it asks for fewer calls: the same works a little later"
    )
    assert error_of(answer("", "", 502)).message == "HTTP 502"
    assert error_of(answer("NotFound", f"no {TOPIC}", 404)).message == f"NotFound: no {TOPIC}"


@given(st.text(max_size=600), st.sampled_from(["AccessDenied", "NotFound", "InvalidParameter", "ExpiredToken", ""]))
def test_foreign_words_stay_in_their_line(words: str, code: str) -> None:
    """An error message is one line without controls, whatever the other side said."""
    error = error_of(answer(code, words, 400))
    assert error.message == printable(error.message)
    assert len(error.message) < 800


@given(st.text(alphabet=st.characters(categories=["Cc", "L"]), min_size=1, max_size=20))
def test_a_denial_draws_no_controls(who: str) -> None:
    """The parts of a denial are shown, so they are cleaned as well."""
    said = f"User: {who} is not authorized to perform: sns:Publish on resource: {who}"
    error = error_of(answer("AccessDenied", said, 403))
    assert error.render() == f"{printable(error.message)}\nhint: {printable(error.hint or '')}"


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (exceptions.NoCredentialsError(), Failure.CREDENTIALS),
        (exceptions.SSOTokenLoadError(error_msg="x"), Failure.CREDENTIALS),
        (exceptions.CredentialRetrievalError(provider="p", error_msg="x"), Failure.CREDENTIALS),
        (exceptions.ProfileNotFound(profile="p"), Failure.SETUP),
        (exceptions.NoRegionError(), Failure.SETUP),
        (exceptions.SSLError(endpoint_url="https://x", error="certificate verify failed"), Failure.UNREACHABLE),
        (exceptions.ConnectTimeoutError(endpoint_url="https://x"), Failure.UNREACHABLE),
        (exceptions.ReadTimeoutError(endpoint_url="https://x"), Failure.UNREACHABLE),
        (exceptions.ConnectionClosedError(endpoint_url="https://x"), Failure.UNREACHABLE),
        (exceptions.IncompleteReadError(actual_bytes=1, expected_bytes=2), Failure.UNREACHABLE),
        (exceptions.ParamValidationError(report="x"), Failure.REFUSED),
        (exceptions.DataNotFoundError(data_path="x"), Failure.BROKEN),
    ],
)
def test_exceptions_without_an_answer(error: Exception, failure: Failure) -> None:
    translated = silent_error(error)
    assert isinstance(translated, AwsError)
    assert translated.failure is failure
    assert "AWS_CA_BUNDLE" in (translated.hint or "AWS_CA_BUNDLE") or not isinstance(error, exceptions.SSLError)


@pytest.mark.parametrize(
    ("service", "operation", "action"),
    [
        ("sns", "Publish", "sns:Publish"),
        ("s3", "HeadObject", "s3:GetObject"),
        ("s3", "ListObjectsV2", "s3:ListBucket"),
        ("sqs", "DeleteMessageBatch", "sqs:DeleteMessage"),
        ("logs", "FilterLogEvents", "logs:FilterLogEvents"),
    ],
)
def test_actions(service: str, operation: str, action: str) -> None:
    assert action_of(service, operation) == action


@pytest.mark.parametrize(
    ("service", "method", "parameters", "arn"),
    [
        ("sns", "publish", {"TopicArn": TOPIC}, TOPIC),
        ("sns", "publish", {"PhoneNumber": "+12025550123"}, ""),
        ("sqs", "receive_message", {"QueueUrl": "https://sqs.us-east-1.amazonaws.com/111122223333/trail"},
         "arn:aws:sqs:us-east-1:111122223333:trail"),
        ("sqs", "get_queue_url", {"QueueName": "trail"}, "arn:aws:sqs:us-east-1:*:trail"),
        ("s3", "get_object", {"Bucket": "trail", "Key": "a/b"}, "arn:aws:s3:::trail/a/b"),
        ("s3", "get_object", {"Bucket": "trail"}, "arn:aws:s3:::trail/*"),
        ("s3", "list_objects_v2", {"Bucket": "trail", "Prefix": "a"}, "arn:aws:s3:::trail"),
        ("logs", "filter_log_events", {"logGroupName": "trail"}, "arn:aws:logs:us-east-1:*:log-group:trail:*"),
        ("secretsmanager", "get_secret_value", {"SecretId": "smtp"},
         "arn:aws:secretsmanager:us-east-1:*:secret:smtp-??????"),
        ("sts", "assume_role", {"RoleArn": "arn:aws:iam::111122223333:role/x"}, "arn:aws:iam::111122223333:role/x"),
    ],
)  # fmt: skip
def test_resources(service: str, method: str, parameters: dict[str, object], arn: str) -> None:
    assert resource_of(service, method, parameters, "aws", "us-east-1") == arn
