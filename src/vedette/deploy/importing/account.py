"""What an account holds: its metric filters, its metric alarms, and who hears of the topics that they act on.

Every answer is read in pages. It asks DescribeMetricFilters, DescribeAlarms, ListSubscriptionsByTopic and
DescribeTrails, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from vedette.aws import AwsError, AwsSession, Failure
from vedette.deploy.answers import mapping, records, text, texts
from vedette.deploy.discovery import find_trails, identity
from vedette.deploy.importing.found import Found, FoundAlarm, FoundFilter, FoundTopic, Unread, Where

_PENDING = "PendingConfirmation"


def read_account(session: AwsSession) -> Found:
    """Everything in the session's account and region; raises AwsError."""
    logs, watch = session.client("logs"), session.client("cloudwatch")
    account = identity(session).account
    source = f"account {account}, {logs.region}"
    answers = [one for page in logs.pages("describe_metric_filters") for one in records(page, "metricFilters")]
    filters = tuple(made for answer in answers for made in _filters(answer, source))
    alarms, unread = _alarms(watch.pages("describe_alarms", AlarmTypes=["MetricAlarm"]), source)
    topics = _topics(session, alarms, account)
    trails = find_trails(session, account)
    groups = frozenset(trail.log_group for trail in trails if trail.log_group is not None)
    return Found(source, filters, alarms, topics, unread, groups)


def _filters(answer: Mapping[str, object], source: str) -> Iterator[FoundFilter]:
    name = text(answer, "filterName")
    for made in records(answer, "metricTransformations"):
        yield FoundFilter(
            name=name,
            where=Where(source, name),
            pattern=text(answer, "filterPattern"),
            log_group=text(answer, "logGroupName"),
            namespace=text(made, "metricNamespace"),
            metric=text(made, "metricName"),
            value=text(made, "metricValue"),
            default=_number(made.get("defaultValue")),
            unit=text(made, "unit") or None,
            dimensions=tuple((key, str(value)) for key, value in mapping(made, "dimensions").items()),
        )


def _alarms(pages: Iterable[Mapping[str, object]], source: str) -> tuple[tuple[FoundAlarm, ...], tuple[Unread, ...]]:
    alarms, unread = [], []
    for page in pages:
        for answer in records(page, "MetricAlarms"):
            name = text(answer, "AlarmName")
            if text(answer, "MetricName"):
                alarms.append(_alarm(answer, Where(source, name)))
            else:
                unread.append(Unread(Where(source, name), "the alarm watches an expression, not one metric"))
    return tuple(alarms), tuple(unread)


def _alarm(answer: Mapping[str, object], where: Where) -> FoundAlarm:
    needed = answer.get("DatapointsToAlarm")
    dimensions = ((text(one, "Name"), text(one, "Value")) for one in records(answer, "Dimensions"))
    return FoundAlarm(
        name=where.name,
        where=where,
        namespace=text(answer, "Namespace"),
        metric=text(answer, "MetricName"),
        threshold=_number(answer.get("Threshold")),
        statistic=text(answer, "Statistic") or text(answer, "ExtendedStatistic"),
        period=int(_number(answer.get("Period")) or 0) or None,
        evaluation_periods=int(_number(answer.get("EvaluationPeriods")) or 1),
        datapoints_to_alarm=needed if isinstance(needed, int) else None,
        comparison_operator=text(answer, "ComparisonOperator"),
        treat_missing_data=text(answer, "TreatMissingData") or "missing",
        unit=text(answer, "Unit") or None,
        dimensions=tuple(dimensions),
        actions=texts(answer, "AlarmActions"),
        actions_enabled=answer.get("ActionsEnabled") is not False,
        description=text(answer, "AlarmDescription"),
    )


def _topics(session: AwsSession, alarms: Iterable[FoundAlarm], account: str) -> tuple[FoundTopic, ...]:
    arns = sorted({arn for alarm in alarms for arn in alarm.actions if arn.split(":")[2:3] == ["sns"]})
    return tuple(_topic(session, arn, account) for arn in arns)


def _topic(session: AwsSession, arn: str, account: str) -> FoundTopic:
    if arn.split(":")[4:5] != [account]:
        return FoundTopic(arn, None, None)
    sns = session.client("sns", arn.split(":")[3])
    try:
        pages = list(sns.pages("list_subscriptions_by_topic", TopicArn=arn))
    except AwsError as error:
        if error.failure is not Failure.MISSING:
            raise
        return FoundTopic(arn, 0)  # an alarm keeps the ARN of a topic that was deleted
    states = [text(one, "SubscriptionArn") for page in pages for one in records(page, "Subscriptions")]
    confirmed = sum(state.startswith("arn:") for state in states)
    return FoundTopic(arn, confirmed, states.count(_PENDING))


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
