"""How a plan of `vedette deploy` looks: a table that somebody can approve, and its twin for machines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from rich.text import Text

from vedette.alerts.words import joined
from vedette.cli import output
from vedette.deploy.changes import Change, Concern, Operation, Row
from vedette.deploy.deployment import Deployment, LeftOut
from vedette.deploy.differences import Detail
from vedette.deploy.event_regions import seen_regions
from vedette.deploy.mending import RENEWAL, did_by_hand, mendable
from vedette.deploy.plan import Plan
from vedette.deploy.wanted import Pack
from vedette.detections.definition import Severity

_STYLES = {
    Operation.ADD: "green",
    Operation.CHANGE: "yellow",
    Operation.REPLACE: "bold red",
    Operation.REMOVE: "red",
    Operation.FORGET: "cyan",
    Operation.ADOPT: "cyan",
}
_WORDS = {
    Operation.ADD: "to add",
    Operation.CHANGE: "to change",
    Operation.REPLACE: "to replace",
    Operation.REMOVE: "to remove",
    Operation.FORGET: "to leave where it is",
    Operation.ADOPT: "to take over",
}
_SIGNS = {Operation.REMOVE: "−"}
_ORDER = (Operation.REMOVE, Operation.REPLACE, Operation.CHANGE, Operation.FORGET, Operation.ADOPT, Operation.ADD)
_LONGEST_VALUE = 60
_FEW, _FEW_REASONS = 3, 2
_NUMBERS = ("no", "one", "two", "three", "four", "five")
_PROPERTIES = {
    "Threshold": "threshold",
    "Period": "period",
    "EvaluationPeriods": "evaluation periods",
    "DatapointsToAlarm": "datapoints to alarm",
    "ComparisonOperator": "comparison",
    "TreatMissingData": "missing data",
    "FilterPattern": "pattern",
    "AlarmDescription": "description",
    "AlarmRule": "rule",
    "EventPattern": "event pattern",
    "RetentionInDays": "retention in days",
    "DashboardBody": "content",
    "Statistic": "statistic",
}
"""What people call a property; others go by CloudFormation's name."""


def plan_lines(plan: Plan, columns: int, *, verbose: bool) -> Iterator[Text]:
    """The changes: those of detections and things first, then those that somebody should look at twice."""
    found = plan.rows
    usual = [row for row in found if _concern(row) is Concern.NONE]
    yield from _detections([row for row in usual if row.detection], plan, columns)
    yield from _things("What they need", [row for row in usual if not row.detection], columns)
    careful = [row for row in found if _concern(row) is not Concern.NONE]
    yield from _things("Who may do what, and what leaves the account", careful, columns)
    if plan.retagged:
        yield Text(f"  {output.count(plan.retagged, 'resource')} more: only tags change", "dim")
        yield Text()
    if plan.changed or verbose:
        yield from left_out_lines(plan.deployment, seen_regions(plan.wanted), columns, verbose=verbose)


def _concern(row: Row) -> Concern:
    return row.changes[0].concern


def _detections(found: Sequence[Row], plan: Plan, columns: int) -> Iterator[Text]:
    known = {one.id: one.severity for one in plan.wanted.detections}
    table = output.Table("", "SEVERITY", "DETECTION", "BY", stretch=2)
    rows = sorted(found, key=lambda row: (_ORDER.index(row.operation), -_rank(row, known), row.subject))
    for row in rows:
        severity = _severity(row, known)
        shown = Text() if severity is None else output.severity(severity.value)
        table.add(_sign(row.operation), shown, output.calm(row.subject), Text(row.kind, "dim"))
    yield from _drawn("Detections", table, rows, columns)


def _severity(row: Row, known: Mapping[str, Severity]) -> Severity | None:
    """The detection's: as it is wanted, or as it was deployed where it is wanted no more."""
    deployed = next((one for one in Severity if one.value == row.severity), None)
    return known.get(row.detection, deployed)


def _rank(row: Row, known: Mapping[str, Severity]) -> int:
    severity = _severity(row, known)
    return -1 if severity is None else severity.rank


def _things(title: str, found: Sequence[Row], columns: int) -> Iterator[Text]:
    table = output.Table("", "KIND", "WHAT", stretch=2)
    rows = sorted(found, key=lambda row: (_ORDER.index(row.operation), row.kind, row.subject))
    for row in rows:
        table.add(_sign(row.operation), row.kind, output.calm(row.subject))
    yield from _drawn(title, table, rows, columns)


def _drawn(title: str, table: output.Table, rows: Sequence[Row], columns: int) -> Iterator[Text]:
    if not rows:
        return
    yield output.heading(title)
    lines = table.lines(columns - 2)
    yield Text("  ") + next(lines)
    for line, row in zip(lines, rows, strict=True):
        yield Text("  ") + line
        yield from _detail_lines(row, columns)
    yield Text()


def _sign(operation: Operation) -> Text:
    return Text(_SIGNS.get(operation, operation.value), _STYLES[operation])


def _detail_lines(row: Row, columns: int) -> Iterator[Text]:
    if row.changes[0].perhaps and len(row.changes) == 1:
        yield Text("       perhaps: it follows from another change", "dim")
    for detail in row.details:
        for line in output.fold(_told(detail), columns, first="       ", rest=" " * 9, most=4):
            yield Text(line)


def _told(detail: Detail) -> str:
    name = _PROPERTIES.get(detail.path, detail.path)
    if detail.before is None:
        return f"{name}: {_value(detail.after)} (it had none)"
    if detail.after is None:
        return f"{name}: no longer {_value(detail.before)}"
    before, after = _around(detail.before, detail.after)
    return f"{name}: {before} → {after}"


def _value(text: str | None) -> str:
    shown = output.calm(text or "")
    return shown if len(shown) <= _LONGEST_VALUE else shown[: _LONGEST_VALUE - 1] + "…"


def _around(before: str, after: str) -> tuple[str, str]:
    """Two values as they are or, where they are long, the part in which they differ with a little on each side."""
    if len(before) <= _LONGEST_VALUE and len(after) <= _LONGEST_VALUE:
        return output.calm(before), output.calm(after)
    start = next(
        (at for at, (one, other) in enumerate(zip(before, after, strict=False)) if one != other),
        min(len(before), len(after)),
    )
    left = max(0, start - 12)
    return tuple(("…" if left else "") + _value(text[left:]) for text in (before, after))  # type: ignore[return-value]


def left_out_lines(found: Deployment, seen: Sequence[str], columns: int, *, verbose: bool) -> Iterator[Text]:
    """What detections do not get, gathered by what they get instead; `verbose` names each one with its reason.

    `seen` are the regions whose events rules see.
    """
    if not found.left_out:
        return
    yield output.heading("What is left out")
    shortened = False
    for head, those in _by_lot(found, seen):
        if verbose or len({one.reason for one in those}) <= _FEW_REASONS:
            yield from _reason_lines(those, columns, verbose=verbose)
        else:
            told = f"{head}: {_few([one.detection for one in those])}. {_in_common(those)}".rstrip()
            yield from map(Text, output.fold(told, columns, first="  ", rest="    "))
            shortened = True
        shortened |= not verbose and len(those) > _FEW
    if shortened:
        yield Text("  `--verbose` names them all, each with its reason", "dim")
    yield Text()


def _by_lot(found: Deployment, seen: Sequence[str]) -> Iterator[tuple[str, Sequence[LeftOut]]]:
    """What is left out of those that are not deployed, that are a rule only, and that lack something else."""
    placed = {one.detection: one for one in found.placed}
    lots: tuple[list[LeftOut], list[LeftOut], list[LeftOut]] = [], [], []
    for one in found.left_out:
        where = placed.get(one.detection)
        lots[0 if where is None else 2 if where.alarm_name else 1].append(one)
    a_rule = f"have no filter and alarm, and a rule that sees {joined(seen)} only"
    heads = ("have neither filter nor rule", a_rule, "lack something")
    for head, those in zip(heads, lots, strict=True):
        if those:
            yield f"{output.count(len({one.detection for one in those}), 'detection')} {head}", those


def _reason_lines(found: Sequence[LeftOut], columns: int, *, verbose: bool) -> Iterator[Text]:
    by_reason: dict[str, list[str]] = {}
    for one in found:
        by_reason.setdefault(one.reason, []).append(one.detection)
    for reason, detections in sorted(by_reason.items(), key=lambda item: -len(item[1])):
        named = ", ".join(detections) if verbose else _few(detections)
        yield from map(Text, output.fold(f"{named}: {reason}", columns, first="  ", rest="    "))


def _few(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= _FEW else f"{', '.join(names[:2])} and {len(names) - 2} more"


def _in_common(found: Sequence[LeftOut]) -> str:
    """The sentence with which all the reasons begin, if there is one."""
    sentences = {one.reason.partition(". ")[0].rstrip(".") for one in found}
    return f"{sentences.pop()}." if len(sentences) == 1 else ""


def second_trail(plan: Plan, dollars: float) -> str:
    """What another trail beside those that are there costs, and how to do without it."""
    first = plan.beside[0]
    named = joined([f"`{one.name}`" for one in plan.beside])
    record = "records" if len(plan.beside) == 1 else "record"
    told = f"and ${dollars:,.2f} more: {named} {record} this account already, and AWS charges for a second trail"
    usable = next((one for one in plan.beside if one.log_group is not None), None)
    if usable is None:
        return told if first.organization else f"{told}; `--use-trail {first.name}` uses it, once it has a log group"
    where = "" if usable.home == plan.wanted.region else f" --region {usable.home}"
    return f"{told}; `--use-trail {usable.name}{where}` makes none"


def todo(plan: Plan) -> Iterator[str]:
    """What somebody will have to do, in whole sentences."""
    new = {change.name.partition(" hears of ")[0] for change in _subscribed(plan)}
    for mail in sorted({one.endpoint for one in plan.wanted.subscriptions if one.protocol == "email"} & new):
        topics = sum(change.name.startswith(f"{mail} hears of ") for change in _subscribed(plan))
        many = "mail" if topics == 1 else f"{_NUMBERS[topics]} mails, one for each topic,"
        yield f"Confirm the {many} that AWS sends to {mail}: nothing arrives before."
    calls = sorted({one.endpoint for one in plan.wanted.subscriptions if one.protocol == "https"} & new)
    if calls:
        yield f"Let {', '.join(calls)} answer the confirmation that AWS sends first."
    queues = sorted({one.endpoint for one in plan.wanted.subscriptions if one.protocol == "sqs"} & new)
    if queues:
        yield f"Let the topics send to {', '.join(queues)}: in the queue's policy, and in its key's if it has one."
    if plan.wanted.bucket and plan.wanted.trail is None and _makes_trail(plan):
        yield (
            f"Let CloudTrail write to {plan.wanted.bucket}, in its own policy, before you apply: AWS's page `S3 bucket "
            "policy for CloudTrail` has its text."
        )
    if any(one.protocol == "sms" and one.endpoint in new for one in plan.wanted.subscriptions):
        yield "If the account sends no text messages yet, ask for that: AWS End User Messaging, and verify the numbers."
    for secret in sorted({name for one in plan.wanted.channels if (name := _secret_name(one.secret))}):
        yield f"Store the secret, unless it is there: `vedette secrets put {secret}`."

    yield from _unheard(plan)
    for drift in plan.drifts:
        if not mendable(drift):
            yield f"The {drift.kind} {drift.called} was {did_by_hand(drift)} by hand: {RENEWAL}."
    for there in plan.unreached:
        yield f"{there.reason}. A stack that forwards events may stand there: remove it by hand once that can be done."


def _unheard(plan: Plan) -> Iterator[str]:
    """Of which alarms and rules nobody hears. Security Hub wants a subscriber of its topics, whatever channels hear."""
    if plan.wanted.storyteller and plan.wanted.channels and plan.wanted.pack is Pack.ALL:
        return
    placed = {one.detection for one in plan.deployment.placed}
    told = {one.severity for one in plan.wanted.detections if one.notify and one.id in placed}
    heard = min((one.min_severity for one in plan.wanted.subscriptions), default=None)
    if heard is None:
        if told:
            yield "Say who is told: nobody is, without an `--email`, an `--sms`, or a channel such as `--slack`."
        return
    if unheard := sorted((one for one in told if one < heard), reverse=True):
        named = joined([severity.value for severity in unheard])
        yield f"Say who hears of what is {named}, unless nobody need: `--email {unheard[-1].value}:ADDRESS`."


def _makes_trail(plan: Plan) -> bool:
    changes = (change for one in plan.stacks for change in one.changes)
    return any(one.type == "AWS::CloudTrail::Trail" and one.operation is Operation.ADD for one in changes)


def _subscribed(plan: Plan) -> Iterator[Change]:
    """The subscriptions that are made anew or for somebody else."""
    for one in plan.stacks:
        for change in one.changes:
            if change.type == "AWS::SNS::Subscription" and change.operation is not Operation.REMOVE:
                yield change


def _secret_name(reference: str) -> str:
    from vedette.secrets import parse

    return parse(reference).name if reference else ""


def tally(plan: Plan) -> str:
    """`53 to add, 1 to change`."""
    counts = Counter(row.operation for row in plan.rows)
    told = [f"{counts[one]} {_WORDS[one]}" for one in reversed(_ORDER) if counts[one]]
    if not told and plan.retagged:
        return f"tags of {output.count(plan.retagged, 'resource')} to change"
    if not told and plan.changed:
        return "no changes but to the options, which are kept with what is deployed"
    return ", ".join(told) or "no changes: what is deployed is what is wanted"


def plan_document(plan: Plan) -> dict[str, object]:
    """The plan for machines."""
    return {
        "name": plan.wanted.name,
        "account": plan.wanted.account,
        "region": plan.wanted.region,
        "event_regions": list(seen_regions(plan.wanted)) if plan.wanted.events else [],
        "changed": plan.changed,
        "stacks": [
            {
                "name": one.name,
                "region": one.region or plan.wanted.region,
                "title": one.title,
                "fate": one.fate.value,
                "status": one.state.status if one.state else None,
                "changes": [_change_document(change) for change in one.changes],
            }
            for one in plan.stacks
        ],
        "changed_by_hand": [
            {
                "kind": one.kind,
                "name": one.name,
                "region": one.resource.region or plan.wanted.region,
                "detection": one.detection or None,
                "fault": one.fault.value,
                "details": [{"path": each.path, "deployed": each.before, "now": each.after} for each in one.details],
                "put_back": mendable(one),
            }
            for one in plan.drifts
        ],
        "trails_beside": [one.name for one in plan.beside],
        "left_out": [{"detection": one.detection, "reason": one.reason} for one in plan.deployment.left_out],
        "todo": list(todo(plan)),
    }


def _change_document(change: Change) -> dict[str, object]:
    return {
        "operation": change.operation.name.lower(),
        "logical_id": change.logical_id,
        "type": change.type,
        "name": change.name,
        "detection": change.detection or None,
        "concern": change.concern.value,
        "perhaps": change.perhaps,
        "details": [{"path": one.path, "before": one.before, "after": one.after} for one in change.details],
    }
