"""Composite alarms: a rule over the states of other alarms, and the course of states that it gives.

It knows names and states only; which alarms exist, and whether they form a cycle, is for those who hold them all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vedette.alarms.rule_parser import parse
from vedette.alarms.rule_tree import Expression, holds, names, text
from vedette.alarms.spec import State


@dataclass(frozen=True, slots=True)
class Rule:
    """A composite alarm's rule, such as `ALARM("a") AND NOT OK("b")`. `parse(str(rule)) == rule`."""

    expression: Expression

    @classmethod
    def parse(cls, source: str) -> Rule:
        """The rule that `source` spells; RuleSyntaxError (an InputError) carries the place of what is wrong."""
        return cls(parse(source))

    @property
    def children(self) -> tuple[str, ...]:
        """The names or ARNs of the alarms that the rule watches, each once, in order of appearance."""
        return tuple(dict.fromkeys(names(self.expression)))

    def evaluate(self, states: Mapping[str, State]) -> bool:
        """Whether the composite alarm is in ALARM; a child without an entry is in INSUFFICIENT_DATA."""
        return holds(self.expression, states)

    def __str__(self) -> str:
        return text(self.expression)
