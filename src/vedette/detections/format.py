"""The keys of a detection file: what the loader accepts, and what the reference page says, from one table.

A key that is not in these tables is an error; the tables hold no code, so that documentation and loader cannot drift.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Key:
    """One key: its name, its type in words, what holds when it is left out ("" where it must be there), its meaning."""

    name: str
    type: str
    default: str
    meaning: str

    @property
    def required(self) -> bool:
        """Whether the file must say it."""
        return not self.default


@dataclass(frozen=True, slots=True)
class Section:
    """A mapping of the file and its keys; `where` is its place, for messages."""

    name: str
    where: str
    intro: str
    keys: tuple[Key, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The keys' names, in order."""
        return tuple(key.name for key in self.keys)


def _section(name: str, where: str, intro: str, *keys: tuple[str, str, str, str]) -> Section:
    return Section(name, where, intro, tuple(Key(*key) for key in keys))


DETECTION = _section(
    "detection",
    "a detection",
    "The whole file. Exactly one of `pattern` and `rule` is there.",
    ("id", "text", "", "Names the detection everywhere: small letters and digits in words joined by `-`."),
    ("title", "text", "", "One line, without a full stop: what happened, as the heading of an alert."),
    (
        "severity",
        "`informational`, `low`, `medium`, `high` or `critical`",
        "",
        "How much an alert matters, from a note to a night call.",
    ),
    ("category", "text", "none", "The group it is listed in; for a built-in detection the name of its folder."),
    ("description", "text", "", "One or two sentences: what is seen."),
    ("why", "text", "", "Why it matters, in words that an administrator of a small team understands."),
    ("false_positives", "list of texts", "none", "When it is harmless."),
    ("respond", "list of texts", "none", "The steps to take, first things first."),
    ("references", "list of `https://` addresses", "none", "Where to read more."),
    ("attack", "list of ATT&CK techniques", "none", "Such as `T1078.004`."),
    ("compliance", "list of texts", "none", "Controls that it serves, each as `standard: number`."),
    (
        "pattern",
        "filter pattern",
        "none",
        "The question that each record is asked, in the language of CloudWatch Logs metric filters.",
    ),
    (
        "rule",
        "composite alarm rule",
        "none",
        "Instead of `pattern`: a condition on the alarms of other detections, named by their ids.",
    ),
    ("metric", "mapping", "as below", "What a match is counted into. Not with `rule`."),
    ("alarm", "mapping", "as below", "When the count becomes an alarm. Not with `rule`."),
    (
        "group_by",
        "list of `actor` or selectors",
        "`[actor]`",
        "What gives separate alerts: who did it, or fields of the record. `[]` makes one alert of all.",
    ),
    (
        "notify",
        "true or false",
        "`true`",
        "`false` makes a building block for composite rules: it alerts nobody.",
    ),
    ("exceptions", "list of mappings", "none", "Matches that are expected."),
    ("allow", "list of mappings", "none", "Lint rules that the file breaks on purpose."),
    ("tests", "list of mappings", "none", "Records with their verdicts, and timelines with their states."),
)

METRIC = _section(
    "metric",
    "`metric`",
    "The transformation of the metric filter, with AWS's limits.",
    ("namespace", "text", "`Vedette`", "At most 255 characters, without `:`, `*` and `$`."),
    ("name", "text", "the id in PascalCase", "At most 255 characters, without `:`, `*` and `$`."),
    (
        "value",
        "number or selector",
        "`1`",
        "What a match counts: a number, or a field of the record such as `$.count`.",
    ),
    ("default", "number", "none", "Counted once for each record that does not match. Not together with dimensions."),
    ("unit", "CloudWatch unit", "none", "Such as `Count` or `Bytes`."),
    (
        "dimensions",
        "mapping of name to selector",
        "none",
        "At most three; each combination of values is a metric of its own.",
    ),
)

ALARM = _section(
    "alarm",
    "`alarm`",
    "The settings of PutMetricAlarm, with AWS's words and limits.",
    (
        "statistic",
        "statistic",
        "`Sum`",
        "`SampleCount`, `Average`, `Sum`, `Minimum`, `Maximum`, or an extended one such as `p99` or `PR(1:5)`.",
    ),
    ("period", "seconds", "`300`", "10, 20, 30 or a multiple of 60."),
    ("evaluation_periods", "whole number", "`1`", "How many periods are looked at (N)."),
    ("datapoints_to_alarm", "whole number", "`evaluation_periods`", "How many of them must breach (M)."),
    ("threshold", "number", "`1`", "What the statistic is compared with."),
    (
        "comparison_operator",
        "operator",
        "`GreaterThanOrEqualToThreshold`",
        "Or `GreaterThanThreshold`, `LessThanThreshold`, `LessThanOrEqualToThreshold`.",
    ),
    (
        "treat_missing_data",
        "treatment",
        "`notBreaching`",
        "What a period without data counts as: `breaching`, `notBreaching`, `ignore` or `missing`.",
    ),
    (
        "evaluate_low_sample_count_percentile",
        "`evaluate` or `ignore`",
        "`evaluate`",
        "`ignore` keeps the state while there are too few samples for a percentile.",
    ),
    ("unit", "CloudWatch unit", "any", "Only datapoints of this unit are looked at."),
)

EXCEPTION = _section(
    "exceptions",
    "an exception",
    "Each says who vouches for it and when it ends; after that day it no longer counts.",
    ("pattern", "filter pattern", "", "The records that are expected."),
    ("owner", "text", "", "Who answers for it."),
    ("reason", "text", "", "Why it is harmless."),
    ("expires", "date", "", "The last day on which it counts, such as `2027-06-30`."),
)

ALLOW = _section(
    "allow",
    "an allowed rule",
    "Silences one lint rule in this file. One that silences nothing is reported.",
    ("rule", "lint rule", "", "The rule's id."),
    ("reason", "text", "", "Why the file breaks it on purpose."),
)

VERDICT_TEST = _section(
    "tests: a verdict",
    "a test",
    "Records, and whether the question holds of them. Exactly one of `event` and `events` is there.",
    ("name", "text", "", "What the test shows."),
    ("matches", "true or false", "", "Whether each record matches, or none of them."),
    ("event", "record", "none", "A mapping of the record's fields, or a text taken verbatim."),
    ("events", "list of records", "none", "Several records with one verdict."),
    ("without", "list of field names", "none", "Fields that are filled in otherwise, and are to be absent here."),
)

TIMELINE_TEST = _section(
    "tests: a timeline",
    "a test",
    "Datapoints a minute apart, and the state of the alarm at the end of each minute. It starts in `OK`.",
    ("name", "text", "", "What the test shows."),
    ("points", "datapoints", "", "One a minute, with blanks between: a number, `_` for none, `1x3` for three of them."),
    ("states", "states", "", "`OK`, `ALARM` or `INSUFFICIENT_DATA`, one for each datapoint; `OKx3` repeats."),
)

COMPOSITE_TEST = _section(
    "tests: a composite rule",
    "a test",
    "The states of the detections that the rule names, minute by minute, and those of the rule.",
    ("name", "text", "", "What the test shows."),
    ("children", "mapping of id to states", "", "One state a minute for each detection that the rule names."),
    ("states", "states", "", "`OK` or `ALARM`, one for each minute."),
)

SECTIONS = (DETECTION, METRIC, ALARM, EXCEPTION, ALLOW, VERDICT_TEST, TIMELINE_TEST, COMPOSITE_TEST)

_AMOUNTS = tuple(f"{prefix}{unit}" for unit in ("bytes", "bits") for prefix in ("", "kilo", "mega", "giga", "tera"))
_SIZES = tuple(amount.capitalize() for amount in _AMOUNTS)

UNITS = (
    *("Seconds", "Microseconds", "Milliseconds", "Percent", "Count", "Count/Second", "None"),
    *_SIZES,
    *(f"{size}/Second" for size in _SIZES),
)

RECORD_DEFAULTS: dict[str, str] = {
    "eventVersion": '"1.11"',
    "userIdentity": (
        '{"type":"IAMUser","principalId":"AIDAIOSFODNN7EXAMPLE","arn":"arn:aws:iam::111122223333:user/alice",'
        '"accountId":"111122223333","accessKeyId":"AKIAIOSFODNN7EXAMPLE","userName":"alice"}'
    ),
    "eventTime": '"2026-11-21T10:00:00Z"',
    "awsRegion": '"us-east-1"',
    "sourceIPAddress": '"198.51.100.7"',
    "eventID": '"00000000-0000-4000-8000-000000000001"',
    "eventType": '"AwsApiCall"',
    "recipientAccountId": '"111122223333"',
}
"""What a test's record is given where it does not say; the JSON text of each field. A second record of the same test
has an `eventID` that ends in 2, and so on."""
