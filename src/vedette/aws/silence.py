"""Calls that got no answer from AWS: no credentials, no region, no way to the endpoint.

boto3's exceptions are known by the names of their classes, so that nothing here imports it.
"""

from __future__ import annotations

from dataclasses import dataclass

from vedette.aws.errors import AwsError, Failure, cut


@dataclass(frozen=True, slots=True)
class _Silence:
    names: frozenset[str]
    failure: Failure
    hint: str | None = None
    message: str | None = None
    """In place of boto3's own words, where those do not help."""


_SILENCES = (
    _Silence(
        frozenset({"NoCredentialsError", "PartialCredentialsError"}),
        Failure.CREDENTIALS,
        "`aws configure`, `aws sso login`, AWS_PROFILE, or a role on the machine",
        "no AWS credentials were found",
    ),
    _Silence(
        frozenset({"SSOError", "TokenRetrievalError", "LoginError"}),
        Failure.CREDENTIALS,
        "aws sso login",
        "the AWS single sign-on session has ended",
    ),
    _Silence(
        frozenset({"CredentialRetrievalError", "MetadataRetrievalError"}),
        Failure.CREDENTIALS,
        "look at the AWS profile",
    ),
    _Silence(
        frozenset({"ProfileNotFound"}), Failure.SETUP, "`aws configure list-profiles` shows the profiles that there are"
    ),
    _Silence(
        frozenset({"NoRegionError"}),
        Failure.SETUP,
        "set `region`, or AWS_REGION, for example us-east-1",
        "no AWS region is set",
    ),
    _Silence(frozenset({"InvalidRegionError"}), Failure.SETUP, "a region is written like us-east-1"),
    _Silence(frozenset({"ParamValidationError", "UnknownServiceError"}), Failure.REFUSED),
    _Silence(
        frozenset({"SSLError"}), Failure.UNREACHABLE, "if a proxy opens TLS, name its certificate in AWS_CA_BUNDLE"
    ),
    _Silence(
        frozenset({"ConnectionError", "HTTPClientError", "IncompleteReadError"}),
        Failure.UNREACHABLE,
        "look at the network, HTTPS_PROXY, `endpoint_url` and the region",
    ),
)
"""The first that names a class of the exception holds, so SSLError stands before ConnectionError, its parent."""


def silent_error(error: Exception) -> AwsError:
    """The error for an exception of botocore that is no answer."""
    names = {kind.__name__ for kind in type(error).__mro__}
    for silence in _SILENCES:
        if names & silence.names:
            return AwsError(silence.message or cut(str(error)), silence.failure, hint=silence.hint)
    return AwsError(cut(str(error)), Failure.BROKEN)


def stranger(endpoint: str) -> AwsError:
    """The error for an answer that no service of AWS gives: a proxy's page, a sign-in page of a network."""
    return AwsError(
        f"what answers at {cut(endpoint)} does not speak as AWS does",
        Failure.BROKEN,
        hint="look at the network, HTTPS_PROXY and `endpoint_url`: a proxy or a sign-in page may stand between",
    )
