"""The texts of a detection file that have a grammar of their own: filter patterns, selectors, composite rules.

Their syntax errors are told at the very character of the YAML file, whatever its quoting.
"""

from __future__ import annotations

from vedette.alarms.composite import Rule
from vedette.alarms.rule_parser import RuleSyntaxError
from vedette.detections.align import locate, on_one_line
from vedette.detections.fields import Fields, Report, shown
from vedette.detections.yaml import Node, Scalar
from vedette.errors import PatternSyntaxError
from vedette.patterns import FilterPattern
from vedette.predicates.tree import Compare, Selector

_EXISTS = "{{ {} = * }}"


def read_pattern(fields: Fields, key: str) -> FilterPattern | None:
    """The filter pattern under `key`, on one line; one over AWS's quotas too, which `lint` reports."""
    scalar = fields.scalar(key, "a filter pattern")
    if scalar is None:
        return None
    text = on_one_line(scalar.text)
    try:
        return FilterPattern.parse(text, quotas=False)
    except PatternSyntaxError as error:
        place = locate(fields.report.text, scalar, text, error.span)
        note = f"CloudWatch Logs says: {error.aws_message}"
        fields.report.at(place, f"invalid filter pattern: {error.message}", note=note, hint=error.hint)
        return None


def read_rule(fields: Fields, key: str) -> Rule | None:
    """The composite alarm rule under `key`, on one line."""
    scalar = fields.scalar(key, "a composite alarm rule")
    if scalar is None:
        return None
    text = on_one_line(scalar.text)
    try:
        return Rule.parse(text)
    except RuleSyntaxError as error:
        place = locate(fields.report.text, scalar, text, error.span)
        fields.report.at(place, f"invalid rule: {error.message}", hint=error.hint)
        return None


def read_selector(report: Report, key: str, node: Node) -> Selector | None:
    """One selector of one value, such as `$.userIdentity.arn`; wildcards select many and are refused."""
    if not isinstance(node, Scalar):
        report.at(node.place, f"`{key}` must hold selectors such as `$.awsRegion`, not {node.kind}")
        return None
    selector = parse_selector(node.text)
    if selector is None:
        note = f"did you mean `$.{node.text}`?" if node.text and not node.text.startswith("$") else None
        report.at(node.place, f"{shown(node.text)} is not a selector", note=note)
    elif selector.has_wildcard:
        report.at(node.place, f"`{key}` cannot hold a selector of many values", note="remove the `*`")
        return None
    return selector


def parse_selector(text: str) -> Selector | None:
    """The selector that `text` spells, by the grammar of filter patterns; None if it spells none."""
    try:
        predicate = FilterPattern.parse(_EXISTS.format(text)).predicate
    except PatternSyntaxError:
        return None
    alone = isinstance(predicate, Compare) and "=" not in text
    return predicate.selector if alone and isinstance(predicate, Compare) else None
