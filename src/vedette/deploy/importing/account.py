"""What an account holds: its metric filters, its metric alarms, and who hears of the topics that they act on.

Every answer is read in pages. It asks DescribeMetricFilters, DescribeAlarms, ListSubscriptionsByTopic and
DescribeTrails, and changes nothing. Without the last two it reads on, and says what it could not know.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from vedette.aws import AwsError, AwsSession, Failure
from vedette.deploy.answers import mapping, records, text, texts
from vedette.deploy.discovery import find_trails, identity
from vedette.deploy.importing.found import Found, FoundAlarm, FoundFilter, FoundTopic, Unread, Where

_PENDING = "PendingConfirmation"


def read_account(session: AwsSession, told: Callable[[str], None] = lambda _: None) -> Found:
    """Everything in the session's account and region; raises AwsError. `told` hears how far it is."""
    account = identity(session).account
    reader = _Reader(session, account, f"account {account}, {session.client('logs').region}", told)
    filters = tuple(reader.filters())
    alarms = tuple(reader.alarms())
    topics = tuple(reader.topics(alarms))
    groups = reader.groups()
    return Found(reader.source, filters, alarms, topics, tuple(reader.unread), groups)


class _Reader:
    """Reads one account; `unread` is what there is beside what could be taken."""

    def __init__(self, session: AwsSession, account: str, source: str, told: Callable[[str], None]) -> None:
        self.session = session
        self.account = account
        self.source = source
        self.told = told
        self.unread: list[Unread] = []

    def answers(self, service: str, method: str, of: str, what: str, **asked: object) -> Iterator[Mapping[str, object]]:
        count = 0
        for page in self.session.client(service).pages(method, **asked):
            self.told(f"{what}: {count:,}")
            for one in records(page, of):
                count += 1
                yield one

    def filters(self) -> Iterator[FoundFilter]:
        for answer in self.answers("logs", "describe_metric_filters", "metricFilters", "metric filters"):
            yield from _filters(answer, self.source)

    def alarms(self) -> Iterator[FoundAlarm]:
        asked = {"AlarmTypes": ["MetricAlarm"]}
        for answer in self.answers("cloudwatch", "describe_alarms", "MetricAlarms", "alarms", **asked):
            where = Where(self.source, text(answer, "AlarmName"))
            if text(answer, "MetricName"):
                yield _alarm(answer, where)
            else:
                self.unread.append(Unread(where, "the alarm watches an expression, not one metric"))

    def topics(self, alarms: Iterable[FoundAlarm]) -> Iterator[FoundTopic]:
        """The topics that the alarms act on; one of another account, or that may not be asked, is not known."""
        arns = sorted({arn for alarm in alarms for arn in alarm.actions if arn.split(":")[2:3] == ["sns"]})
        for number, arn in enumerate(arns):
            self.told(f"topics: {number:,} of {len(arns):,}")
            if arn.split(":")[4:5] != [self.account]:
                yield FoundTopic(arn, None, None)
                continue
            try:
                yield _topic(self.session, arn)
            except AwsError as error:
                if error.failure is not Failure.DENIED:
                    raise
                self.denied(error, "whether anybody hears of the alarms' topics is not known")
                return

    def groups(self) -> frozenset[str] | None:
        """The log groups that trails write to; None where that may not be asked."""
        try:
            trails = find_trails(self.session, self.account)
        except AwsError as error:
            if error.failure is not Failure.DENIED:
                raise
            self.denied(error, "filters on logs of something else are not told apart")
            return None
        return frozenset(trail.log_group for trail in trails if trail.log_group is not None)

    def denied(self, error: AwsError, so: str) -> None:
        self.unread.append(Unread(Where(self.source, error.action), f"it may not be asked, so {so}: {error.message}"))


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


def _topic(session: AwsSession, arn: str) -> FoundTopic:
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
