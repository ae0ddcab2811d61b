"""ministack with two resources that its CloudFormation lacks: trails, and composite alarms. A process of its own.

It runs in the environment of the tools (tests/tools.txt), where nothing of this project is installed.
"""

from __future__ import annotations

import json
import sys

from ministack.core import iam_actions
from ministack.services import cloudtrail, cloudwatch
from ministack.services.cloudformation import provisioners

Properties = dict[str, object]


def _answer(result: tuple[int, object, bytes | str]) -> dict[str, object]:
    status, _, body = result
    found = json.loads(body or "{}")
    if status >= 400:
        raise ValueError(found.get("message") or found.get("Message") or str(found))
    return found


def _trail_create(logical_id: str, properties: Properties, stack: str) -> tuple[str, Properties]:
    name = str(properties.get("TrailName") or f"{stack}-{logical_id}")
    # CloudTrail counts five trails a region; its own quota, which no emulator has.
    if len(cloudtrail._trails.items_scoped(cloudtrail.get_account_id(), cloudtrail.get_region())) >= 5:
        raise ValueError(
            f"User: {cloudtrail.get_account_id()} already has 5 trails in {cloudtrail.get_region()}. "
            "(Service: CloudTrail, Status Code: 400, Error Code: MaximumNumberOfTrailsExceededException)"
        )
    body = {"Name": name, "S3BucketName": properties["S3BucketName"]}
    made = _answer(cloudtrail._create_trail(body))
    _trail_set(name, properties)
    return name, {"Arn": made["TrailARN"]}


def _trail_set(name: str, properties: Properties) -> None:
    _, trail = cloudtrail._find_any_account_trail(name)
    for theirs, ours in (
        ("IsMultiRegionTrail", "IsMultiRegionTrail"),
        ("IncludeGlobalServiceEvents", "IncludeGlobalServiceEvents"),
        ("LogFileValidationEnabled", "EnableLogFileValidation"),
        ("CloudWatchLogsLogGroupArn", "CloudWatchLogsLogGroupArn"),
        ("CloudWatchLogsRoleArn", "CloudWatchLogsRoleArn"),
        ("KmsKeyId", "KMSKeyId"),
        ("IsOrganizationTrail", "IsOrganizationTrail"),
    ):
        if ours in properties:
            trail[theirs] = properties[ours] if not isinstance(properties[ours], str) else _plain(properties[ours])
    act = cloudtrail._start_logging if properties.get("IsLogging") in (True, "true") else cloudtrail._stop_logging
    _answer(act({"Name": name}))
    tags = properties.get("Tags") or []
    cloudtrail._trail_tags[trail["TrailARN"]] = {tag["Key"]: tag["Value"] for tag in tags}


def _plain(value: str) -> object:
    return {"true": True, "false": False}.get(value, value)


def _trail_update(physical_id: str, _: Properties, properties: Properties, __: str) -> tuple[str, Properties]:
    _trail_set(physical_id, properties)
    return physical_id, {"Arn": cloudtrail._trail_arn(physical_id)}


def _trail_delete(physical_id: str, _: Properties) -> None:
    cloudtrail._delete_trail({"Name": physical_id})


def _composite_put(name: str, properties: Properties) -> tuple[str, Properties]:
    answer = cloudwatch._put_composite_alarm({}, properties | {"AlarmName": name}, False, is_json=True)
    _answer(answer)
    arn = cloudwatch._composite_alarms[name]["AlarmArn"]
    cloudwatch._resource_tags[arn] = {tag["Key"]: tag["Value"] for tag in properties.get("Tags") or []}
    return name, {"Arn": arn}


def _composite_create(logical_id: str, properties: Properties, stack: str) -> tuple[str, Properties]:
    return _composite_put(str(properties.get("AlarmName") or f"{stack}-{logical_id}"), properties)


def _composite_update(physical_id: str, _: Properties, properties: Properties, __: str) -> tuple[str, Properties]:
    return _composite_put(physical_id, properties)


def _composite_delete(physical_id: str, _: Properties) -> None:
    cloudwatch._composite_alarms.pop(physical_id, None)


provisioners._RESOURCE_HANDLERS["AWS::CloudTrail::Trail"] = {
    "create": _trail_create, "update": _trail_update, "delete": _trail_delete,
}  # fmt: skip
provisioners._RESOURCE_HANDLERS["AWS::CloudWatch::CompositeAlarm"] = {
    "create": _composite_create, "update": _composite_update, "delete": _composite_delete,
}  # fmt: skip
for _type, _replacing in (
    ("AWS::CloudTrail::Trail", {"TrailName"}),
    ("AWS::CloudWatch::CompositeAlarm", {"AlarmName"}),
):
    provisioners._REPLACING_PROPERTIES[_type] = frozenset(_replacing)


_conflict = provisioners.s3_bucket_name_conflict


def _conflict_unless_imported(name: str) -> str | None:
    """ministack holds a bucket that the running change set imports against it; AWS takes it over."""
    from ministack.services.cloudformation import _change_sets

    running = [one for one in _change_sets.values() if one["ExecutionStatus"] == "EXECUTE_IN_PROGRESS"]
    imported = [found for one in running for found in one.get("_import_existing", {}).values()]
    return None if {"BucketName": name} in imported else _conflict(name)


provisioners.s3_bucket_name_conflict = _conflict_unless_imported


_resource_arn = iam_actions.extract_resource_arn


def _rule_arn(service: str, *request: object) -> str:
    """Rules of the default bus are `rule/NAME` to IAM, and some calls name them by `Rule`: as AWS has it."""
    if service == "events":
        region, account = request[-2:]
        given = json.loads(request[3] or b"{}")  # type: ignore[arg-type]
        name = given.get("Name") or given.get("Rule")
        if isinstance(name, str) and "EventBusName" not in given:
            return f"arn:aws:events:{region}:{account}:rule/{name}"
    return _resource_arn(service, *request)


iam_actions.extract_resource_arn = _rule_arn


if __name__ == "__main__":
    from ministack import app

    # The loopback has no TLS, and buckets refuse whoever comes without: with IAM enforced, every call counts as TLS.
    _pin = app.pin_request_origin
    app.pin_request_origin = lambda address, _: _pin(address, True)
    sys.argv = sys.argv[:1]
    app.main()
