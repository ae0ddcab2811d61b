"""The order of steps within an update, where CloudFormation's own would fail: it adds first and removes last.

A log group takes 100 metric filters, so that those that go must go before others come. An alarm that a composite alarm
names cannot be deleted, so that it must go after the composite has let go of it; CloudFormation would say that the
update is complete, and leave the alarm behind. Sources: CloudWatch Logs quotas; DeleteAlarms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from vedette.deploy.answers import mapping
from vedette.deploy.changes import Change, Operation
from vedette.deploy.plan import Fate, StackPlan

_FILTER = "AWS::Logs::MetricFilter"
_ALARMS = ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
Template = Mapping[str, object]


def staged(planned: Iterable[StackPlan], template_of: Callable[[str], Template]) -> list[StackPlan]:
    """The stacks in the order of execution; one that must be updated in steps appears once for each of them.

    `template_of` gives the template that a stack has now. A step has no change set of the plan's: CloudFormation drops
    that when another one is executed.
    """
    steps = [step for one in planned for step in _steps(one, template_of)]
    # What goes late goes from the end: a composite alarm that goes, too, before the alarms that it names.
    return [one for late, one in steps if not late] + [one for late, one in reversed(steps) if late]


def _steps(one: StackPlan, template_of: Callable[[str], Template]) -> Iterator[tuple[bool, StackPlan]]:
    """A stack's steps, and whether each comes after all other stacks."""
    filters, alarms = _removed(one, (_FILTER,)), _removed(one, _ALARMS)
    full = filters and any(change.operation is Operation.ADD and change.type == _FILTER for change in one.changes)
    if one.fate is not Fate.UPDATE or one.stack is None or not (full or alarms):
        yield False, one
        return
    old, new = mapping(template_of(one.name), "Resources"), mapping(one.stack.template, "Resources")
    before = filters if full else ()
    if before:
        gone = {change.logical_id for change in before}
        yield False, _step(one, {name: each for name, each in old.items() if name not in gone}, before)
    rest = tuple(change for change in one.changes if change not in before and change not in alarms)
    kept = {change.logical_id: old[change.logical_id] for change in alarms if change.logical_id in old}
    if rest:
        yield False, _step(one, {**new, **kept}, rest)
    if alarms:
        yield True, _step(one, new, alarms)


def _removed(one: StackPlan, types: tuple[str, ...]) -> tuple[Change, ...]:
    return tuple(change for change in one.changes if change.operation is Operation.REMOVE and change.type in types)


def _step(one: StackPlan, resources: Template, changes: tuple[Change, ...]) -> StackPlan:
    assert one.stack is not None
    held = {name: _waiting_for(resources, mapping(resources, name)) for name in resources}
    stack = replace(one.stack, template={**one.stack.template, "Resources": held})
    return replace(one, stack=stack, change_set=None, changes=changes)


def _waiting_for(there: Template, resource: Template) -> Template:
    """The resource without waiting for what is not there: CloudFormation refuses a template that names it."""
    waits = resource.get("DependsOn")
    if not isinstance(waits, list):
        return resource
    return {**resource, "DependsOn": [name for name in waits if name in there]}
