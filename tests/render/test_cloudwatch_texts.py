"""What CloudWatch publishes, to the byte: the forms recorded in September 2026, with the values of an example."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from render.notices import NOON, library, notice, record, sighting, sign_in
from vedette.alarms.spec import AlarmSpec, ComparisonOperator, State, TreatMissingData
from vedette.alerts import render
from vedette.alerts.render.cloudwatch import (
    Child,
    Composed,
    Notification,
    Watched,
    default_json,
    email_body,
    sms,
    subject,
    threshold,
)
from vedette.alerts.render.regions import LONG_NAMES, is_region, long_name, partition_of

SPEC = AlarmSpec(
    "high cpu",
    50.0,
    statistic="Average",
    datapoints_to_alarm=1,
    comparison_operator=ComparisonOperator.GREATER_THAN_THRESHOLD,
)
TOPIC = "arn:aws:sns:us-east-1:111122223333:alerts"
ARN = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:high cpu"
REASON = (
    "Threshold Crossed: 1 out of the last 1 datapoints [99.5 (14/09/26 11:13:00)] was greater than the threshold "
    "(50.0) (minimum 1 datapoint for OK -> ALARM transition)."
)
AT = 1_789_384_724
"""2026-09-14T11:18:44Z"""

METRIC = Notification(
    name="high cpu",
    description="Too busy",
    account="111122223333",
    region="us-east-1",
    arn=ARN,
    old=State.INSUFFICIENT_DATA,
    new=State.ALARM,
    reason=REASON,
    at=AT,
    configured=AT - 64,
    trigger=Watched("AWS/EC2", "CPUUtilization", SPEC, (("InstanceId", "i-0123"),)),
    alarm_actions=(TOPIC,),
)
COMPOSITE = replace(
    METRIC,
    old=State.OK,
    reason=f"{ARN} transitioned to ALARM at Monday 14 September, 2026 11:18:44 UTC",
    trigger=Composed('ALARM("high cpu") OR ALARM(b)', (Child(ARN, State.ALARM, AT),)),
)


def test_metric_alarm_as_json() -> None:
    assert default_json(METRIC) == (
        '{"AlarmName":"high cpu","AlarmDescription":"Too busy","AWSAccountId":"111122223333",'
        '"AlarmConfigurationUpdatedTimestamp":"2026-09-14T11:17:40.000+0000","NewStateValue":"ALARM",'
        '"NewStateReason":"' + REASON + '","StateChangeTime":"2026-09-14T11:18:44.000+0000",'
        '"Region":"US East (N. Virginia)","AlarmArn":"arn:aws:cloudwatch:us-east-1:111122223333:alarm:high cpu",'
        '"OldStateValue":"INSUFFICIENT_DATA","ActionExecutedAfterMuteWindow":false,"OKActions":[],'
        '"AlarmActions":["arn:aws:sns:us-east-1:111122223333:alerts"],"InsufficientDataActions":[],'
        '"Trigger":{"MetricName":"CPUUtilization","Namespace":"AWS/EC2","StatisticType":"Statistic",'
        '"Statistic":"AVERAGE","Unit":null,"Dimensions":[{"value":"i-0123","name":"InstanceId"}],"Period":300,'
        '"EvaluationPeriods":1,"DatapointsToAlarm":1,"ComparisonOperator":"GreaterThanThreshold","Threshold":50.0,'
        '"TreatMissingData":"missing","EvaluateLowSampleCountPercentile":""}}'
    )


def test_composite_alarm_as_json() -> None:
    assert default_json(COMPOSITE) == (
        '{"AlarmName":"high cpu","AlarmDescription":"Too busy","AWSAccountId":"111122223333",'
        '"NewStateValue":"ALARM","NewStateReason":"arn:aws:cloudwatch:us-east-1:111122223333:alarm:high cpu '
        'transitioned to ALARM at Monday 14 September, 2026 11:18:44 UTC",'
        '"StateChangeTime":"2026-09-14T11:18:44.000+0000","Region":"US East (N. Virginia)",'
        '"AlarmArn":"arn:aws:cloudwatch:us-east-1:111122223333:alarm:high cpu","OKActions":[],'
        '"AlarmActions":["arn:aws:sns:us-east-1:111122223333:alerts"],"InsufficientDataActions":[],'
        '"ActionExecutedAfterMuteWindow":false,"OldStateValue":"OK",'
        '"AlarmRule":"ALARM(\\"high cpu\\") OR ALARM(b)","TriggeringChildren":[{"Arn":'
        '"arn:aws:cloudwatch:us-east-1:111122223333:alarm:high cpu","State":{"Value":"ALARM",'
        '"Timestamp":"2026-09-14T11:18:44.000+0000"}}]}'
    )


def test_metric_alarm_as_mail() -> None:
    assert email_body(METRIC) == (
        'You are receiving this email because your Amazon CloudWatch Alarm "high cpu" in the US East (N. Virginia) '
        'region has entered the ALARM state, because "' + REASON + '" at '
        '"Monday 14 September, 2026 11:18:44 UTC".\n'
        "\n"
        "View this alarm in the AWS Management Console:\n"
        "https://us-east-1.console.aws.amazon.com/cloudwatch/deeplink.js?region=us-east-1#alarmsV2:alarm/high%20cpu\n"
        "\n"
        "Alarm Details:\n"
        "- Name:                       high cpu\n"
        "- Description:                Too busy\n"
        "- State Change:               INSUFFICIENT_DATA -> ALARM\n"
        "- Reason for State Change:    " + REASON + "\n"
        "- Timestamp:                  Monday 14 September, 2026 11:18:44 UTC\n"
        "- AWS Account:                111122223333\n"
        "- Alarm Arn:                  arn:aws:cloudwatch:us-east-1:111122223333:alarm:high cpu\n"
        "\n"
        "Threshold:\n"
        "- The alarm is in the ALARM state when the metric is GreaterThanThreshold 50.0 for at least 1 of the last 1 "
        "period(s) of 300 seconds. \n"
        "\n"
        "Monitored Metric:\n"
        "- MetricNamespace:                     AWS/EC2\n"
        "- MetricName:                          CPUUtilization\n"
        "- Dimensions:                          [InstanceId = i-0123]\n"
        "- Period:                              300 seconds\n"
        "- Statistic:                           Average\n"
        "- Unit:                                not specified\n"
        "- TreatMissingData:                    missing\n"
        "\n"
        "\n"
        "State Change Actions:\n"
        "- OK: \n"
        "- ALARM: [arn:aws:sns:us-east-1:111122223333:alerts]\n"
        "- INSUFFICIENT_DATA: \n"
    )


def test_composite_alarm_as_mail() -> None:
    body = email_body(replace(COMPOSITE, description=None, ok_actions=(TOPIC, TOPIC)))
    assert body.startswith(
        'You are receiving this email because your Amazon CloudWatch Alarm "high cpu" in the US East (N. Virginia) '
        "region has transitioned to ALARM state on Monday 14 September, 2026 11:18:44 UTC, because "
        '"arn:aws:cloudwatch:us-east-1:111122223333:alarm:high cpu transitioned to ALARM at Monday 14 September, '
        '2026 11:18:44 UTC".\n\nView this alarm'
    )
    assert body.endswith(
        "- Description:                \n"
        "- State Change:               OK -> ALARM\n"
        '- Alarm Rule:                 ALARM("high cpu") OR ALARM(b)\n'
        "- Reason for State Change:    arn:aws:cloudwatch:us-east-1:111122223333:alarm:high cpu transitioned to ALARM "
        "at Monday 14 September, 2026 11:18:44 UTC\n"
        "- Timestamp:                  Monday 14 September, 2026 11:18:44 UTC\n"
        "- AWS Account:                111122223333\n"
        "- Alarm Arn:                  arn:aws:cloudwatch:us-east-1:111122223333:alarm:high cpu\n"
        "\n"
        "Triggering children (max. 10):\n"
        "- arn:aws:cloudwatch:us-east-1:111122223333:alarm:high cpu   ALARM               "
        "Monday 14 September, 2026 11:18:44 UTC\n"
        "\n"
        "State Change Actions:\n"
        "- OK: [arn:aws:sns:us-east-1:111122223333:alerts] [arn:aws:sns:us-east-1:111122223333:alerts]\n"
        "- ALARM: [arn:aws:sns:us-east-1:111122223333:alerts]\n"
        "- INSUFFICIENT_DATA: \n"
    )


def test_subject_has_a_hundred_characters_at_most() -> None:
    """ "Maximum 100 characters: the name is cut and gets `...`" — 66 characters of it for ALARM in N. Virginia."""
    assert subject(METRIC) == 'ALARM: "high cpu" in US East (N. Virginia)'
    assert subject(replace(METRIC, name="n" * 66)) == f'ALARM: "{"n" * 66}" in US East (N. Virginia)'
    assert subject(replace(METRIC, name="n" * 67)) == f'ALARM: "{"n" * 63}..." in US East (N. Virginia)'
    assert len(subject(replace(METRIC, name="n" * 255, new=State.INSUFFICIENT_DATA))) == 100


def test_subject_has_one_sign_for_a_run_of_other_characters() -> None:
    assert subject(replace(METRIC, name="Größe 大きい\r\nBcc: x")) == 'ALARM: "Gr_e _Bcc: x" in US East (N. Virginia)'


def test_sms_has_ninety_characters_of_the_name() -> None:
    assert sms(replace(METRIC, name="n" * 90)) == f'ALARM: "{"n" * 90}" in US East (N. Virginia)'
    long = sms(replace(METRIC, name="n" * 91))
    assert long == f'ALARM: "{"n" * 87}..." in US East (N. Virginia)'
    assert len(long) == 124


def test_datapoints_that_are_not_set_give_the_short_form() -> None:
    spec = replace(
        SPEC,
        datapoints_to_alarm=None,
        threshold=1.0,
        comparison_operator=ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    )
    assert threshold(spec) == "GreaterThanOrEqualToThreshold 1.0 for 300 seconds"
    assert threshold(replace(spec, evaluation_periods=3)).endswith(" for 900 seconds")
    told = default_json(replace(METRIC, trigger=Watched("N", "M", spec)))
    assert "DatapointsToAlarm" not in told
    assert '"EvaluationPeriods":1,"ComparisonOperator"' in told


def test_extended_statistics_and_units_have_keys_of_their_own() -> None:
    spec = replace(SPEC, statistic="p99.5", unit="Count", evaluate_low_sample_count_percentile="ignore", threshold=1e7)
    told = default_json(replace(METRIC, trigger=Watched("N", "M", spec)))
    assert '"StatisticType":"ExtendedStatistic","ExtendedStatistic":"p99.5","Unit":"Count"' in told
    assert '"Threshold":1.0E7' in told
    assert told.endswith('"EvaluateLowSampleCountPercentile":"ignore"}}')
    assert json.loads(told)["Trigger"]["Threshold"] == 10_000_000


def test_several_dimensions_stand_side_by_side() -> None:
    body = email_body(replace(METRIC, trigger=Watched("N", "M", SPEC, (("A", "1"), ("B", "2")))))
    assert "- Dimensions:                          [A = 1] [B = 2]\n" in body
    none = email_body(replace(METRIC, trigger=Watched("N", "M", SPEC)))
    assert "- Dimensions:                          \n" in none


def test_an_alert_that_is_over_is_ok_again() -> None:
    over = notice(record(closed=NOON + 1_200), topic=TOPIC)
    told = json.loads(render.cloudwatch_json(over))
    assert (told["NewStateValue"], told["OldStateValue"]) == ("OK", "ALARM")
    assert told["NewStateReason"].startswith("Threshold Crossed: no datapoints were received for 3 periods and 3 ")
    assert told["OKActions"] == told["AlarmActions"] == [TOPIC]
    given = replace(over, closing={over.alerts[0].id: "the reason"})
    assert json.loads(render.cloudwatch_json(given))["NewStateReason"] == "the reason"
    one = notice(record(detection="root-login", closed=NOON + 1_200))
    assert json.loads(render.cloudwatch_json(one))["NewStateReason"] == (
        "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as "
        "[NonBreaching]."
    )
    gone = notice(record(detection="of-old", closed=NOON + 1_200))
    assert json.loads(render.cloudwatch_json(gone))["NewStateReason"] == "The alarm returned to OK."


def test_dimensions_are_the_groups() -> None:
    found = library()["root-login"]
    assert found.metric is not None
    pairs = (("Account", "$.recipientAccountId"), ("Region", "$.awsRegion"), ("Name", "$.userIdentity.userName"))
    of_two = (sighting(0, 1), sighting(1, 2, region="us-east-1"))
    detection = replace(found, metric=replace(found.metric, dimensions=pairs))
    told = notice(record(*of_two, detection="root-login"), detections={"root-login": detection})
    assert json.loads(render.cloudwatch_json(told))["Trigger"]["Dimensions"] == [
        {"value": "111122223333", "name": "Account"},
        {"value": "$.awsRegion", "name": "Region"},
        {"value": "$.userIdentity.userName", "name": "Name"},
    ]


def test_the_group_gives_a_dimensions_value() -> None:
    found = next(d for d in library().values() if d.metric and [str(f) for f in d.group_by] == ["$.sourceIPAddress"])
    assert found.metric is not None
    detection = replace(found, metric=replace(found.metric, dimensions=(("Address", "$.sourceIPAddress"),)))
    told = notice(record(detection=found.id, group=("203.0.113.9",)), detections={found.id: detection})
    (dimension,) = json.loads(render.cloudwatch_json(told))["Trigger"]["Dimensions"]
    assert dimension == {"value": "203.0.113.9", "name": "Address"}


def test_a_composite_names_the_child_that_triggered_it() -> None:
    children = json.loads(render.cloudwatch_json(notice(sign_in())))["TriggeringChildren"]
    assert [child["Arn"].rpartition(":")[2] for child in children] == ["console-login-success"]


def test_our_context_comes_under_cloudwatchs_text() -> None:
    told = notice()
    assert render.cloudwatch_email(told, context=True) == render.cloudwatch_email(told) + "\n\n" + render.plain(told)


def test_texts_keep_to_cloudwatchs_limits() -> None:
    """Reasons have at most 1,023 characters and descriptions at most 1,024 (PutMetricAlarm, SetAlarmState)."""
    told = json.loads(render.cloudwatch_json(notice(record(reason="x" * 100_000, detection="y" * 1_000))))
    assert len(told["NewStateReason"]) == 1_023


@pytest.mark.parametrize(
    ("region", "name", "host"),
    [
        ("eu-west-1", "EU (Ireland)", "eu-west-1.console.aws.amazon.com"),
        ("cn-north-1", "China (Beijing)", "cn-north-1.console.amazonaws.cn"),
        ("us-gov-west-1", "AWS GovCloud (US-West)", "us-gov-west-1.console.amazonaws-us-gov.com"),
    ],
)
def test_regions_of_every_partition(region: str, name: str, host: str) -> None:
    body = email_body(replace(METRIC, region=region))
    assert f"in the {name} region" in body
    assert f"https://{host}/cloudwatch/deeplink.js?region={region}#" in body


def test_an_unknown_region_keeps_its_code() -> None:
    assert long_name("xy-north-9") == "xy-north-9"
    assert partition_of("eusc-de-east-1").name == "aws-eusc"
    assert all(map(is_region, LONG_NAMES))
    assert not is_region("us-east-1.evil.example")


def test_missing_data_is_named_as_the_api_does() -> None:
    spec = replace(SPEC, treat_missing_data=TreatMissingData.NOT_BREACHING)
    assert "- TreatMissingData:                    notBreaching\n" in email_body(
        replace(METRIC, trigger=Watched("N", "M", spec))
    )


def test_a_notice_about_an_alarm_in_the_account_tells_of_that_alarm() -> None:
    """Its own name and ARN, so that the links lead to it; not a name made of the detection and the records."""
    alert = sign_in()
    arn = f"arn:aws:cloudwatch:eu-west-1:123456789012:alarm:vedette-{alert.detection}"
    told = json.loads(render.cloudwatch_json(replace(notice(alert), alarm=arn)))
    assert (told["AlarmName"], told["AlarmArn"]) == (f"vedette-{alert.detection}", arn)
    assert (told["Region"], told["AWSAccountId"]) == ("EU (Ireland)", "123456789012")
