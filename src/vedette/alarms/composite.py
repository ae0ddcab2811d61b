"""Composite alarms: a rule over the states of other alarms, and the course of states that it gives.

It knows names and states only; which alarms exist, and whether they form a cycle, is for those who hold them all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vedette.alarms.rule_parser import parse
from vedette.alarms.rule_tree import Expression, holds, names, text
from vedette.alarms.spec import State
from vedette.alarms.state import ChildChange, Transition


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


def composite_timeline(
    rule: Rule,
    children: Mapping[str, Sequence[Transition]],
    start: int,
    end: int,
    initials: Mapping[str, State],
) -> list[Transition]:
    """Every transition of the composite alarm in `[start, end)`, in order of time (epoch seconds).

    `children` holds each child's transitions by the name that the rule uses, `initials` its state before `start`; a
    child without an initial state is in INSUFFICIENT_DATA. The composite starts in the state that its rule gives. It
    follows its children: changes of one second are taken together, so that it does not flicker between them.
    """
    states = {child: initials.get(child, State.INSUFFICIENT_DATA) for child in rule.children}
    changes: dict[int, dict[str, State]] = {}
    for child in rule.children:
        for change in children.get(child, ()):
            if start <= change.at < end:
                changes.setdefault(change.at, {})[child] = change.new
    state = _state(rule, states)
    found: list[Transition] = []
    for at in sorted(changes):
        states.update(changes[at])
        new = _state(rule, states)
        if new is not state:
            child, child_state = next(iter(changes[at].items()))
            found.append(Transition(state, new, at, ChildChange(child, child_state, at)))
            state = new
    return found


def _state(rule: Rule, states: Mapping[str, State]) -> State:
    return State.ALARM if rule.evaluate(states) else State.OK
