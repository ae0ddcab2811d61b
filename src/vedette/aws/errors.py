"""What AWS refused, in words: which permission on which resource, which credentials, which endpoint.

Nothing here imports boto3: an answer is a code, a status and a text, and `session` takes them from its exceptions.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass

from vedette.errors import VedetteError, printable

MAX_MESSAGE = 300


class Failure(enum.Enum):
    """What kind of failure it was, and so what may help."""

    DENIED = "denied"
    CREDENTIALS = "credentials"
    THROTTLED = "throttled"
    UNREACHABLE = "unreachable"
    MISSING = "missing"
    REFUSED = "refused"
    BROKEN = "broken"
    SETUP = "setup"


TRANSIENT = frozenset({Failure.THROTTLED, Failure.UNREACHABLE, Failure.BROKEN})
"""What goes away by itself."""


class AwsError(VedetteError):
    """A call that AWS refused, or that did not reach it. `action` is an IAM action (`sns:Publish`), `resource` an ARN.

    `code` is AWS's own error code, empty where the call got no answer.
    """

    def __init__(
        self,
        message: str,
        failure: Failure,
        *,
        code: str = "",
        action: str = "",
        resource: str = "",
        hint: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.failure = failure
        self.code = code
        self.action = action
        self.resource = resource

    @property
    def transient(self) -> bool:
        """Whether the same call may well succeed later though nobody does anything."""
        return self.failure in TRANSIENT


@dataclass(frozen=True, slots=True)
class Answer:
    """An error answer: AWS's code and words, the HTTP status, and what was asked of what."""

    code: str
    message: str
    status: int
    action: str
    resource: str


_CODES: dict[Failure, frozenset[str]] = {
    Failure.DENIED: frozenset(
        {
            "AccessDenied",
            "AccessDeniedException",
            "AccessDeniedFault",
            "AllAccessDisabled",
            "AuthorizationError",
            "AuthorizationErrorException",
            "Forbidden",
            "KMS.AccessDeniedException",
            "KMSAccessDenied",
            "KMSAccessDeniedException",
            "KmsAccessDenied",
            "UnauthorizedOperation",
            "403",
        }
    ),
    Failure.CREDENTIALS: frozenset(
        {
            "AuthFailure",
            "ExpiredToken",
            "ExpiredTokenException",
            "IncompleteSignature",
            "InvalidAccessKeyId",
            "InvalidClientTokenId",
            "InvalidSecurity",
            "InvalidSignatureException",
            "InvalidToken",
            "MissingAuthenticationToken",
            "NotAuthorized",
            "RequestExpired",
            "RequestTimeTooSkewed",
            "SignatureDoesNotMatch",
            "TokenRefreshRequired",
            "UnrecognizedClientException",
        }
    ),
    Failure.THROTTLED: frozenset(
        {
            "BandwidthLimitExceeded",
            "KMSThrottling",
            "KMSThrottlingException",
            "KMS.ThrottlingException",
            "LimitExceededException",
            "OverLimit",
            "PriorRequestNotComplete",
            "RequestLimitExceeded",
            "RequestThrottled",
            "RequestThrottledException",
            "SlowDown",
            "Throttled",
            "ThrottledException",
            "Throttling",
            "ThrottlingException",
            "TooManyRequestsException",
            "429",
        }
    ),
    Failure.MISSING: frozenset(
        {
            "AWS.SimpleQueueService.NonExistentQueue",
            "NoSuchBucket",
            "NoSuchKey",
            "NotFound",
            "NotFoundException",
            "QueueDoesNotExist",
            "ResourceNotFoundException",
            "404",
        }
    ),
}

_FAILURES = {code: failure for failure, codes in _CODES.items() for code in codes}

_CLOCK = frozenset({"RequestExpired", "RequestTimeTooSkewed", "RequestInTheFuture"})

_NOT_AUTHORIZED = re.compile(
    r"(?:User|user|Principal):? (?P<who>\S+) is not authorized to perform:? (?P<action>[\w-]+:\w+)"
    r"(?: on (?:the )?resource:? (?P<resource>\S+))?(?P<rest>.*)",
    re.DOTALL,
)


def failure_of(code: str, status: int) -> Failure:
    """The kind of failure behind an error code; by the HTTP status where the code is not known."""
    known = _FAILURES.get(code)
    if known is not None:
        return known
    if status >= 500:
        return Failure.BROKEN
    return {401: Failure.CREDENTIALS, 403: Failure.DENIED, 404: Failure.MISSING, 429: Failure.THROTTLED}.get(
        status, Failure.REFUSED
    )


def error_of(answer: Answer) -> AwsError:
    """The error for an answer. What AWS says of a denial goes before what the caller believed to have asked for.

    AWS's words about credentials are left out: for a signature that does not match they repeat the whole request.
    """
    failure = failure_of(answer.code, answer.status)
    if failure is Failure.DENIED:
        return _denied(answer)
    code = answer.code if answer.code and not answer.code.isdigit() else f"HTTP {answer.status}"
    if failure is Failure.CREDENTIALS:
        return _error(f"{code}: AWS does not accept the credentials", failure, answer, _credentials_hint(answer.code))
    said = cut(answer.message)
    hint = "it asks for fewer calls: the same works a little later" if failure is Failure.THROTTLED else None
    if failure is Failure.MISSING:
        said = f"{said} (`{printable(answer.resource)}`)" if answer.resource not in said else said
        hint = "look at the name, the account and the region"
    return _error(f"{code}: {said}" if said else code, failure, answer, hint)


def cut(text: str) -> str:
    """Foreign words, fit to be shown in a line: no controls, not endless."""
    text = printable(text).strip()
    return text if len(text) <= MAX_MESSAGE else text[: MAX_MESSAGE - 1] + "…"


def _denied(answer: Answer) -> AwsError:
    found = _NOT_AUTHORIZED.search(answer.message)
    action = printable(found["action"]) if found else answer.action
    resource = printable(((found and found["resource"]) or answer.resource or "*").rstrip(".,").strip('"'))
    who = f" to {printable(found['who'])}" if found else ""
    hint = f"allow `{action}` on `{resource}`"
    if found and "explicit deny" in found["rest"]:
        hint = f"a policy denies `{action}` on `{resource}` explicitly: change that statement"
    code = "AccessDenied" if answer.code.isdigit() else answer.code
    return AwsError(
        f"{code}: `{action}` on `{resource}` is not allowed{who}",
        Failure.DENIED,
        code=answer.code,
        action=action,
        resource=resource,
        hint=hint,
    )


def _error(message: str, failure: Failure, answer: Answer, hint: str | None) -> AwsError:
    return AwsError(message, failure, code=answer.code, action=answer.action, resource=answer.resource, hint=hint)


def _credentials_hint(code: str) -> str:
    if code in _CLOCK:
        return "the clock of this machine is wrong: let it be set by NTP"
    if "Expired" in code:
        return "renew them: `aws sso login`, or new session credentials; a role on the machine renews itself"
    return "look at them with `aws sts get-caller-identity`"
