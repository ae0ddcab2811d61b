"""Microsoft Teams: an Adaptive Card in the envelope that a workflow's webhook takes.

Source: "Create and send messages with Incoming Webhooks" and the Adaptive Cards schema 1.4. A TextBlock reads
Markdown, a TextRun does not: whatever comes from a record is a TextRun. Teams refuses messages of more than 28 kB.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from vedette.alerts.notice import Notice
from vedette.alerts.render.clean import begun
from vedette.alerts.render.letter import Told, tell
from vedette.alerts.render.story import Fact, Story

BYTES = 26_000
"""Of Teams' 28 kB, with room for the envelope that the service adds."""

_ACTIONS = 6
_STYLES = {"critical": "attention", "high": "attention", "medium": "warning", "low": "accent"}
_Element = dict[str, object]


def teams(notice: Notice) -> dict[str, object]:
    """The message; what does not fit is left out from the end, and the card says so."""
    told = tell(notice)
    for longest in (600, 300, 150, 80):
        message = _message(told, longest)
        if _size(message) <= BYTES:
            return message
    return _message(told, 40, short=True)


def _size(message: dict[str, object]) -> int:
    return len(json.dumps(message).encode())


def _message(told: Told, longest: int, *, short: bool = False) -> dict[str, object]:
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "fallbackText": told.subject,
        "msteams": {"width": "Full"},
        "body": list(_body(told, longest, short=short)),
        "actions": list(_actions(told))[:_ACTIONS],
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def _body(told: Told, longest: int, *, short: bool) -> Iterator[_Element]:
    style = "good" if told.calm else _STYLES.get(told.severity, "default")
    title = [_run(told.subject, weight="Bolder", size="Medium")]
    yield {"type": "Container", "style": style, "bleed": True, "items": [_rich(title)]}
    yield _rich([_run(begun(told.lead, longest))])
    for line in told.listed[: 5 if short else 20]:
        yield _rich([_run(f"• {begun(line, longest)}")])
    for story in told.stories[:1]:
        yield from _story(story, longest, short=short)


def _story(story: Story, longest: int, *, short: bool) -> Iterator[_Element]:
    yield _rich([_run(begun(story.sentence, longest), weight="Bolder")])
    if story.status:
        yield _rich([_run(begun(story.status, longest))])
    for question, facts in story.facts:
        yield _rich([_run(f"{question}: ", weight="Bolder"), _run(begun(_facts(facts), longest))])
    if short:
        yield _rich([_run("The e-mail and `vedette alerts show` tell the rest.")])
    else:
        yield from _advice(story, longest)
    yield _rich([_run(f"{story.account} · alert {begun(story.id, 80)}", subtle=True)])


def _advice(story: Story, longest: int) -> Iterator[_Element]:
    if story.why:
        yield _titled("Why it matters", [begun(story.why, longest)])
    if story.steps:
        steps = enumerate(story.steps, start=1)
        yield _titled("What to do now", [f"{number}. {begun(step, longest)}" for number, step in steps])
    for command in (*story.commands[:3], *story.answers[:1]):
        yield _rich([_run(command.purpose, subtle=True)])
        yield _rich([_run(command.text, mono=True)])


def _facts(facts: tuple[Fact, ...]) -> str:
    return "; ".join(f"{fact.label}: {fact.value}" for fact in facts)


def _titled(title: str, lines: Iterable[str]) -> _Element:
    items: list[_Element] = [_rich([_run(title, weight="Bolder")])]
    return {"type": "Container", "items": [*items, *(_rich([_run(line)]) for line in lines)]}


def _rich(runs: list[_Element]) -> _Element:
    return {"type": "RichTextBlock", "inlines": runs}


def _run(text: str, *, weight: str = "", size: str = "", subtle: bool = False, mono: bool = False) -> _Element:
    run: _Element = {"type": "TextRun", "text": text}
    run |= {"weight": weight} if weight else {}
    run |= {"size": size} if size else {}
    run |= {"isSubtle": True} if subtle else {}
    run |= {"fontType": "Monospace"} if mono else {}
    return run


def _actions(told: Told) -> Iterator[_Element]:
    for story in told.stories[:1]:
        if story.page:
            yield {"type": "Action.OpenUrl", "title": "Open this alert", "url": story.page}
        for link in story.links:
            yield {"type": "Action.OpenUrl", "title": begun(link.label, 60), "url": link.url}
