"""The lint rules: their ids, how bad a breach is, and why it matters. The checks themselves are beside this module.

The reference page docs/reference/lint-rules.md is made from this list.
"""

from __future__ import annotations

from dataclasses import dataclass

from vedette.errors import Level


@dataclass(frozen=True, slots=True)
class LintRule:
    """One rule: `says` is what it objects to, `why` what would go wrong, `instead` what to write."""

    id: str
    level: Level
    says: str
    why: str
    instead: str


def _error(rule: str, says: str, why: str, instead: str) -> LintRule:
    return LintRule(rule, Level.ERROR, says, why, instead)


def _warning(rule: str, says: str, why: str, instead: str) -> LintRule:
    return LintRule(rule, Level.WARNING, says, why, instead)


UNKNOWN_FIELD = _error(
    "unknown-field",
    "a field that CloudTrail never writes",
    "A condition on a field that is never there does not hold of any record, and a group by it puts all into one. "
    "Nothing tells: the detection is silent for ever. Checked are the record's own fields and those of `userIdentity`, "
    "`resources`, `tlsDetails` and `addendum`; what services write below `requestParameters`, `responseElements`, "
    "`additionalEventData` and `serviceEventDetails` is theirs.",
    "The field's exact name, case included.",
)
BOOLEAN_EQUALS = _error(
    "boolean-equals",
    "a boolean compared with a text",
    "`readOnly` and `managementEvent` are JSON booleans, and in a filter pattern `= true` holds of the *text* `true` "
    "only: neither `=` nor `!=` ever holds of a boolean. Below `requestParameters` and the like this is a warning, "
    "because some services write texts there.",
    "`IS TRUE` or `IS FALSE`.",
)
TEXT_IS_BOOLEAN = _error(
    "text-is-boolean",
    "`IS TRUE` or `IS FALSE` on a text",
    "`userIdentity.sessionContext.attributes.mfaAuthenticated`, `sessionCredentialFromConsole` and others look like "
    'booleans, but CloudTrail writes the text `"true"`. `IS TRUE` never holds of a text.',
    '`= "true"`.',
)
NOT_EQUALS_ABSENCE = _warning(
    "not-equals-absence",
    "`!=` on a field that is often absent",
    '`!=` does not hold of a field that is missing. `$.errorCode != "AccessDenied"` matches no successful call, '
    "because only failed calls have an `errorCode`.",
    "`($.field NOT EXISTS || $.field != …)`, or `$.field = *` beside it where only records with the field are meant.",
)
OR_OF_NOT_EQUALS = _warning(
    "or-of-not-equals",
    "several `!=` of which one is enough",
    "A value differs from `a` or from `b` whenever the two differ, so such a condition holds of almost every record. "
    "The pattern for unauthorised calls in CIS AWS Foundations v1.4 to v3.0 has this mistake.",
    "`&&` between the `!=`.",
)
CONTRADICTORY_AND = _error(
    "contradictory-and",
    "conditions that must both hold and cannot",
    "The part that they stand in never holds, and the detection is silent about all that it was meant for.",
    "`||` between alternatives, or only one of them.",
)
AVERAGE_WITH_DEFAULT = _error(
    "average-with-default",
    "an average, or a percentile, of a metric with a default value",
    "The default is counted once for each record that does not match. The average then is the share of matching "
    "records, and a lone match among thousands never reaches a threshold of 1.",
    "`statistic: Sum`.",
)
ALARM_CANNOT_FIRE = _error(
    "alarm-cannot-fire",
    "a threshold that the statistic cannot reach, or a unit that nobody publishes",
    "The alarm stays quiet whatever happens: the maximum of ones is 1, however many there are.",
    "`statistic: Sum` to count matches; a threshold within reach; no `unit`, or the metric's.",
)
ALARM_ALWAYS_ON = _warning(
    "alarm-always-on",
    "a default value that breaches the threshold by itself",
    "Each record that does not match raises the alarm, so that it is in ALARM while anything is logged.",
    "A threshold above what the default alone gives.",
)
ALARM_REFUSED = _error(
    "alarm-refused",
    "settings that PutMetricAlarm refuses",
    "CloudWatch takes at most 604,800 seconds for `period` times `evaluation_periods`, 86,400 where the period is "
    "shorter than an hour, and no `datapoints_to_alarm` above `evaluation_periods`.",
    "Fewer or shorter periods.",
)
PERIOD_BELOW_RESOLUTION = _warning(
    "period-below-resolution",
    "a period of less than a minute",
    "A metric filter publishes a datapoint for each minute; shorter periods are mostly empty.",
    "`period: 60`.",
)
DIMENSIONS_WITH_DEFAULT = _error(
    "dimensions-with-default",
    "a metric with both dimensions and a default value",
    "CloudWatch Logs refuses it: a record that does not match has no values for the dimensions.",
    "One of the two.",
)
PATTERN_OVER_QUOTA = _warning(
    "pattern-over-quota",
    "a pattern over AWS's quotas",
    "A metric filter's pattern has at most 1,024 characters, two regular expressions and three selectors with a "
    "wildcard. Vedette matches longer ones, but CloudWatch Logs refuses them.",
    "Two detections, or wildcards (`Delete*`) in place of lists.",
)
REGEX_QUOTA = _warning(
    "regex-quota",
    "more than five patterns with a regular expression",
    "A log group takes five metric filters with regular expressions; those beyond cannot be deployed with the others.",
    "Wildcards in place of regular expressions.",
)
CANNOT_DEPLOY_NATIVELY = _warning(
    "cannot-deploy-natively",
    "something that a metric filter cannot say",
    "Exceptions are honoured by Vedette's own evaluation. A metric filter has no `NOT`, so that the same detection, "
    "deployed natively, alerts on them.",
    "Nothing, where the detection is not deployed natively: allow the rule and say so.",
)
DUPLICATE_PATTERN = _warning(
    "duplicate-pattern",
    "the same question, metric and alarm under two ids",
    "Everything is told twice.",
    "One detection, or a difference between the two.",
)
MISSING_TEST = _warning(
    "missing-test",
    "no record that matches, or no near miss",
    "A detection without a matching record may be silent, and one without a near miss may be noise; nobody would "
    "know. Built-in detections need one match and two near misses, and breaking the rule there is an error.",
    "`tests` with `matches: true` and `matches: false`; for a composite rule a test with `children`.",
)
TEST_RECORD = _warning(
    "test-record",
    "a test's record that CloudTrail would not write",
    "A misspelt field or a number where CloudTrail writes a text makes a near miss for the wrong reason.",
    "The field as CloudTrail writes it: quoted account ids and versions, booleans without quotes.",
)
MISSING_RUNBOOK = _warning(
    "missing-runbook",
    "no steps under `respond`",
    "An alert at night is read by somebody who did not write the detection.",
    "What to look at, and what to do, first things first.",
)
PROSE = _warning(
    "prose",
    "a title or description that reads badly in an alert",
    "The title is the heading of every alert and the subject of every mail: one line, at most 80 characters, a capital "
    "first, no full stop. The description is whole sentences.",
    "See the built-in detections.",
)
EXCEPTION_EXPIRED = _warning(
    "exception-expired",
    "an exception whose last day is over",
    "It no longer counts, and what it excused alerts again.",
    "A later date if it still holds, or none of it.",
)
EXCEPTION_EXPIRING = _warning(
    "exception-expiring",
    "an exception that ends within 30 days",
    "Its owner should decide before the alerts come back.",
    "A later date if it still holds.",
)
UNUSED_ALLOW = _warning(
    "unused-allow",
    "an `allow` that silences nothing",
    "The reason that it gives is about something that is no longer there, and would hide the next breach.",
    "Remove it.",
)

RULES = (
    UNKNOWN_FIELD,
    BOOLEAN_EQUALS,
    TEXT_IS_BOOLEAN,
    NOT_EQUALS_ABSENCE,
    OR_OF_NOT_EQUALS,
    CONTRADICTORY_AND,
    AVERAGE_WITH_DEFAULT,
    ALARM_CANNOT_FIRE,
    ALARM_ALWAYS_ON,
    ALARM_REFUSED,
    PERIOD_BELOW_RESOLUTION,
    DIMENSIONS_WITH_DEFAULT,
    PATTERN_OVER_QUOTA,
    REGEX_QUOTA,
    CANNOT_DEPLOY_NATIVELY,
    DUPLICATE_PATTERN,
    MISSING_TEST,
    TEST_RECORD,
    MISSING_RUNBOOK,
    PROSE,
    EXCEPTION_EXPIRED,
    EXCEPTION_EXPIRING,
    UNUSED_ALLOW,
)
