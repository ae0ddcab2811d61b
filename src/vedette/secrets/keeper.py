"""Puts credentials into AWS Secrets Manager, lists what is there, and deletes with a time to think.

A value comes in as a `Secret`, goes to AWS, and is in nothing that is answered or raised. Sources: CreateSecret,
PutSecretValue, DeleteSecret and ListSecrets of the Secrets Manager API.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from vedette.aws import AwsClient, AwsError, Failure
from vedette.secrets.reference import Provider, SecretRef
from vedette.secrets.resolvers import MAX_BYTES, SecretError
from vedette.secrets.secret import Secret

_DESCRIPTION = "A credential that Vedette uses; `vedette secrets` looks after it."
_TAG = {"Key": "vedette:name", "Value": "vedette"}
_BEING_DELETED = re.compile(r"(marked|scheduled)( for)? delet")


@dataclass(frozen=True, slots=True)
class Put:
    """What became of a value: the reference to it, and whether the secret is new, and its value another than before."""

    ref: SecretRef
    new: bool
    changed: bool


@dataclass(frozen=True, slots=True)
class Listed:
    """A secret without its value; times in epoch seconds, None where it never was."""

    name: str
    arn: str
    changed: int | None
    rotated: int | None
    deleted: int | None
    tags: tuple[tuple[str, str], ...]


class Keeper:
    """Secrets Manager of one region."""

    def __init__(self, client: AwsClient) -> None:
        self._client = client

    def put(self, name: str, value: Secret, key: str | None = None) -> Put:
        """Store a value, as the whole secret or under a key of it, the other keys kept; raises AwsError, SecretError.

        Nothing is written where the secret holds that value already.
        """
        before = self._current(name)
        text = value if key is None else _with_key(name, before, key, value)
        if key is None and before is not None and (keys := _members(before)):
            names = ", ".join(f"`{one}`" for one in sorted(keys))
            raise SecretError(f"the secret `{name}` holds keys, which would be lost: {names}", hint="--key KEY")
        if len(text.reveal().encode()) > MAX_BYTES:
            raise SecretError(f"a secret has at most {MAX_BYTES:,} bytes")
        ref = SecretRef(Provider.AWS, name, key)
        if before is not None and before == text:
            return Put(ref, new=False, changed=False)
        token = str(uuid.uuid4())  # AWS makes one version of two requests with one token: a retry changes nothing
        if before is None and not self._exists(name):
            self._call(
                "create_secret",
                Name=name,
                SecretString=text.reveal(),
                ClientRequestToken=token,
                Description=_DESCRIPTION,
                Tags=[_TAG],
            )
            return Put(ref, new=True, changed=True)
        self._call("put_secret_value", SecretId=name, SecretString=text.reveal(), ClientRequestToken=token)
        return Put(ref, new=False, changed=True)

    def list(self, prefix: str = "") -> Iterator[Listed]:
        """Every secret whose name begins with `prefix`, also those that wait to be deleted."""
        filters = {"Filters": [{"Key": "name", "Values": [prefix]}]} if prefix else {}
        for page in self._client.pages("list_secrets", IncludePlannedDeletion=True, **filters):
            secrets = page.get("SecretList")
            for secret in secrets if isinstance(secrets, list) else ():
                yield _listed(secret)

    def delete(self, name: str, days: int) -> int | None:
        """Delete after so many days (7 to 30), until when it can be restored; the moment in epoch seconds."""
        answer = self._call("delete_secret", SecretId=name, RecoveryWindowInDays=days)
        return _epoch(answer.get("DeletionDate"))

    def _current(self, name: str) -> Secret | None:
        """The value that is current; None where there is none. One that is binary cannot be added to."""
        try:
            answer = self._call("get_secret_value", SecretId=name)
        except AwsError as error:
            if error.failure is Failure.MISSING:
                return None
            raise
        text = answer.get("SecretString")
        if not isinstance(text, str):
            raise SecretError(f"the secret `{name}` holds bytes, not text", hint="choose another name")
        return Secret(text)

    def _exists(self, name: str) -> bool:
        """Whether there is a secret of that name, though it may have no value yet."""
        try:
            self._call("describe_secret", SecretId=name)
        except AwsError as error:
            if error.failure is Failure.MISSING:
                return False
            raise
        return True

    def _call(self, method: str, **parameters: object) -> Mapping[str, object]:
        try:
            return self._client.call(method, **parameters)
        except AwsError as error:
            if error.code == "InvalidRequestException" and _BEING_DELETED.search(error.message):
                name = parameters.get("SecretId") or parameters.get("Name")
                hint = f"`aws secretsmanager restore-secret --secret-id {name}` brings it back"
                raise SecretError(f"the secret `{name}` waits to be deleted", hint=hint) from None
            raise


def _with_key(name: str, before: Secret | None, key: str, value: Secret) -> Secret:
    """The JSON object of the secret with one key more, or with another value for it."""
    members = {} if before is None else _members(before)
    if members is None:
        hint = "without --key its whole value is replaced; or choose another name"
        raise SecretError(f"the secret `{name}` holds one text, and no keys", hint=hint)
    if before is not None and members.get(key) == value.reveal():
        return before
    return Secret(json.dumps({**members, key: value.reveal()}, ensure_ascii=False))


def _members(whole: Secret) -> dict[str, object] | None:
    try:
        document = json.loads(whole.reveal())
    except (ValueError, RecursionError):
        return None  # not raised on from here: the exception holds the text
    return document if isinstance(document, dict) else None


def _listed(answer: Mapping[str, object]) -> Listed:
    tags = answer.get("Tags")
    return Listed(
        name=str(answer.get("Name", "")),
        arn=str(answer.get("ARN", "")),
        changed=_epoch(answer.get("LastChangedDate")) or _epoch(answer.get("CreatedDate")),
        rotated=_epoch(answer.get("LastRotatedDate")),
        deleted=_epoch(answer.get("DeletedDate")),
        tags=tuple((str(tag["Key"]), str(tag["Value"])) for tag in (tags if isinstance(tags, list) else ())),
    )


def _epoch(moment: object) -> int | None:
    stamp = getattr(moment, "timestamp", None)
    return int(stamp()) if callable(stamp) else None
