"""The small change of templates: resources, policies, and names that hold in any account and region.

Names are known, so that stacks need nothing of one another; but an account and a region are written as the pseudo
parameters of CloudFormation, so that one template serves every account of an organization.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from vedette.deploy import names
from vedette.deploy.wanted import Wanted

Json = str | int | float | bool | None | Sequence["Json"] | Mapping[str, "Json"]
KEPT = "RetainExceptOnCreate"
"""Logs and keys outlive their stack; of a stack that never came to stand nothing is kept."""


def portable(wanted: Wanted, text: str) -> Json:
    """The text, an ARN or a name, with the account, the region and the partition left to CloudFormation."""
    escaped = text.replace("${", "${!")
    found = escaped.replace(wanted.account, "${AWS::AccountId}")
    found = re.sub(rf"(?<![a-z0-9]){re.escape(wanted.region)}(?![a-z0-9])", "${AWS::Region}", found)
    found = re.sub(rf"\barn:{re.escape(wanted.partition)}:", "arn:${AWS::Partition}:", found)
    return text if found == escaped else {"Fn::Sub": found}


def arn(wanted: Wanted, service: str, rest: str, *, region: bool = True) -> Json:
    """The ARN of something of this account: `arn(w, "sns", "vedette-high")`."""
    where = wanted.region if region else ""
    return portable(wanted, f"arn:{wanted.partition}:{service}:{where}:{wanted.account}:{rest}")


def bucket_arn(wanted: Wanted, rest: str = "") -> Json:
    """The ARN of the trail's bucket, or of what is in it."""
    return portable(wanted, f"arn:{wanted.partition}:s3:::{names.bucket_name(wanted)}{rest}")


def trail_arn(wanted: Wanted) -> Json:
    """The ARN of the trail that is made."""
    return arn(wanted, "cloudtrail", f"trail/{names.trail_name(wanted)}")


def log_group_arn(wanted: Wanted, name: str, rest: str = "") -> Json:
    """The ARN of a log group; `rest` is what follows its name."""
    return arn(wanted, "logs", f"log-group:{name}{rest}")


def statement(
    sid: str,
    actions: Sequence[str],
    resources: Json,
    principal: Json = None,
    condition: Mapping[str, Json] | None = None,
    effect: str = "Allow",
) -> Mapping[str, Json]:
    """One statement of a policy; those of a role's own policy have no principal."""
    found: dict[str, Json] = {"Sid": sid, "Effect": effect}
    if principal is not None:
        found["Principal"] = principal
    found["Action"] = actions[0] if len(actions) == 1 else list(actions)
    found["Resource"] = resources
    if condition:
        found["Condition"] = condition
    return found


def service(name: str) -> Json:
    """A service as a principal: `service("cloudtrail")`."""
    return {"Service": f"{name}.amazonaws.com"}


def only_tls(resources: Json, actions: Sequence[str]) -> Mapping[str, Json]:
    """Nobody comes without TLS."""
    condition: Mapping[str, Json] = {"Bool": {"aws:SecureTransport": "false"}}
    return statement("RefuseWithoutTls", actions, resources, {"AWS": "*"}, condition, "Deny")


def policy(*statements: Mapping[str, Json]) -> Mapping[str, Json]:
    """A policy document."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def tag_list(wanted: Wanted, detection: str | None = None) -> list[Json]:
    """The tags as most resources take them."""
    return [{"Key": key, "Value": value} for key, value in names.tags(wanted, detection).items()]


def text_of(document: Json) -> str:
    """JSON within a property: compact, in the order given."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


@dataclass(slots=True)
class Resources:
    """The resources of one stack, by logical id, in the order in which they were added."""

    found: dict[str, Json] = field(default_factory=dict)

    def add(
        self,
        logical_id: str,
        kind: str,
        properties: Mapping[str, Json],
        *,
        keep: bool = False,
        after: Sequence[str] = (),
        metadata: Mapping[str, Json] | None = None,
    ) -> str:
        """Add a resource and answer its logical id; `keep` makes it outlive the stack. Two never share an id."""
        assert logical_id not in self.found, logical_id
        body: dict[str, Json] = {"Type": kind}
        if keep:
            body |= {"DeletionPolicy": KEPT, "UpdateReplacePolicy": "Retain"}
        if after:
            body["DependsOn"] = list(after)
        if metadata:
            body["Metadata"] = metadata
        self.found[logical_id] = {**body, "Properties": {name: v for name, v in properties.items() if v is not None}}
        return logical_id


def logical_id(text: str, suffix: str = "") -> str:
    """A logical id of a name: `root-login` and `Alarm` give `RootLoginAlarm`. Distinct detection ids stay distinct.

    A dash before a digit or at the end would be lost, so it is written as `Dash`.
    """
    spelled = re.sub(r"-(?=[^a-z]|$)", "-dash-", text)
    words = (re.sub(r"[^A-Za-z0-9]", lambda m: f"X{ord(m[0]):x}", word) for word in spelled.split("-") if word)
    return "".join(word[:1].upper() + word[1:] for word in words) + suffix


def resolve(wanted: Wanted, value: Json) -> Json:
    """The value with Fn::Sub worked out for the wanted account: what CloudFormation will send to the service."""
    if isinstance(value, Mapping):
        inner = value.get("Fn::Sub")
        if len(value) == 1 and isinstance(inner, str):
            return _substituted(wanted, inner)
        return {key: resolve(wanted, part) for key, part in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [resolve(wanted, part) for part in value]
    return value


def _substituted(wanted: Wanted, text: str) -> str:
    known = {
        "AWS::AccountId": wanted.account,
        "AWS::Region": wanted.region,
        "AWS::Partition": wanted.partition,
        "AWS::URLSuffix": "amazonaws.com.cn" if wanted.partition == "aws-cn" else "amazonaws.com",
    }
    return re.sub(r"\$\{(!?)([^}]*)\}", lambda m: "${" + m[2] + "}" if m[1] else known.get(m[2], m[0]), text)
