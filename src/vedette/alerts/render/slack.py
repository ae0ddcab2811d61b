"""Slack: a message of Block Kit blocks for `chat.postMessage` and for incoming webhooks.

Source: Slack "Formatting text for app surfaces" and "Reference: blocks". Names that attackers chose go through
`mrkdwn`, and every text object is `verbatim`, so that Slack makes no mention, channel or link of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from vedette.alerts.delivery import Reason
from vedette.alerts.notice import Notice
from vedette.alerts.render.clean import begun
from vedette.alerts.render.console import Link
from vedette.alerts.render.letter import Told, tell
from vedette.alerts.render.story import Fact, Story

BLOCKS = 50
TEXT = 3_000
_HEADER, _FIELD = 150, 2_000
_TOLD = 2
"""How many alerts are told in full; the list names the others."""

_SIGNS = {"critical": "🔴", "high": "🔴", "medium": "🟠", "low": "🔵", "informational": "⚪", "note": "⚪"}
_Block = dict[str, object]


def slack(notice: Notice) -> dict[str, object]:
    """`text` is what a notification shows, `blocks` the message; nothing in it is unfurled."""
    told = tell(notice)
    blocks = [*_opening(told)]
    for story in told.stories[:_TOLD]:
        blocks += _blocks(story, several=bool(told.listed))
    return {
        "text": mrkdwn(told.subject),
        "blocks": blocks[:BLOCKS],
        "unfurl_links": False,
        "unfurl_media": False,
    }


def mrkdwn(text: str) -> str:
    """The text as Slack shows it unchanged: `& < >` escaped, no code mark, no word that calls a whole channel.

    >>> mrkdwn("<!channel> `x` @here")
    "&lt;!channel&gt; 'x' ＠here"
    """
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("`", "'")
    return _uncalling(text)


def _uncalling(text: str) -> str:
    return re.sub(r"@(?=(?:here|channel|everyone|group)\b)", "＠", text, flags=re.IGNORECASE)


def cut(text: str, longest: int = TEXT) -> str:
    """Escaped text in at most `longest` characters; no escape is cut in two."""
    if len(text) <= longest:
        return text
    return re.sub(r"&[a-z]{0,4}$", "", text[: longest - 1]) + "…"


def _opening(told: Told) -> Iterator[_Block]:
    sign = "✅" if told.calm and told.reason == Reason.RESOLVED.value else _SIGNS[told.severity]
    title = begun(f"{sign} {_uncalling(told.subject)}", _HEADER)
    yield {"type": "header", "text": {"type": "plain_text", "text": title, "emoji": False}}
    yield _section(mrkdwn(told.lead))
    if told.listed:
        lines = [f"• {mrkdwn(line)}" for line in told.listed[:20]]
        left = told.left_out + max(0, len(told.listed) - 20)
        yield _section("\n".join([*lines, *([f"• and {left} more"] if left else [])]))


def _blocks(story: Story, *, several: bool) -> Iterator[_Block]:
    if several:
        yield {"type": "divider"}
        yield _section(f"*{mrkdwn(story.severity.value.upper())}: {mrkdwn(story.title)}*")
    yield _section(mrkdwn(story.sentence))
    if story.status:
        yield _section(mrkdwn(story.status))
    if story.facts:
        fields = [_text(cut(_field(question, facts), _FIELD)) for question, facts in story.facts]
        yield {"type": "section", "fields": fields}
    if story.why:
        yield _section(f"*Why it matters*\n{mrkdwn(story.why)}")
    if story.steps:
        steps = [f"{number}. {_step(step)}" for number, step in enumerate(story.steps, start=1)]
        yield _section("*What to do now*\n" + _whole(steps))
    if story.links or story.page:
        yield _section(_whole([*_page(story), *(_link(link) for link in story.links)]))
    if story.commands:
        yield _section("*Ready to paste*\n" + _whole([_code(c.purpose, c.text) for c in story.commands]))
    if story.records:
        yield _section("*The most telling records*\n" + _whole([f"• {mrkdwn(record)}" for record in story.records]))
    if story.answers:
        yield _section("*To answer*\n" + _whole([_code(answer.purpose, answer.text) for answer in story.answers]))
    foot = " · ".join(filter(None, (story.account, f"alert {story.id}", f"detection {story.detection}")))
    yield {"type": "context", "elements": [_text(cut(mrkdwn(foot), _FIELD))]}


def _section(text: str) -> _Block:
    return {"type": "section", "text": _text(cut(text))}


def _text(text: str) -> _Block:
    return {"type": "mrkdwn", "text": text or " ", "verbatim": True}


def _field(question: str, facts: tuple[Fact, ...]) -> str:
    return f"*{question}*\n" + "\n".join(f"{mrkdwn(fact.label)}: {mrkdwn(fact.value)}" for fact in facts)


def _step(step: str) -> str:
    """A step with its commands as code: the code marks are the step's own, which comes from a detection's file."""
    parts = step.split("`")
    if len(parts) % 2 == 0:
        return mrkdwn(step)
    return "".join(f"`{mrkdwn(part)}`" if turn % 2 else mrkdwn(part) for turn, part in enumerate(parts) if part)


def _page(story: Story) -> list[str]:
    return [_link(Link("Open this alert", story.page))] if story.page and not re.search(r"[<>|\s]", story.page) else []


def _link(link: Link) -> str:
    url = link.url.replace("&", "&amp;")
    return f"<{url}|{mrkdwn(link.label).replace('|', '/')}>"


def _code(purpose: str, text: str) -> str:
    return f"{mrkdwn(purpose)}\n```{mrkdwn(text)}```"


def _whole(lines: list[str], longest: int = TEXT - 100) -> str:
    """As many whole lines as there is room for: a cut link or code block would spoil the rest."""
    kept: list[str] = []
    room = longest
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            break
        kept.append(line)
    return "\n".join(kept)
