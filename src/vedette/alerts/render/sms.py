"""A text message: one part, in the alphabet that every phone network has, its link or id last.

Source: 3GPP TS 23.038, GSM 7-bit default alphabet and its extension table. A character outside it would turn the whole
message into UCS-2 with 70 characters a part.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

from vedette.alerts import words
from vedette.alerts.notice import Notice
from vedette.alerts.render.clean import clean_evidence, shown
from vedette.alerts.render.console import encoded
from vedette.alerts.render.headline import subject
from vedette.alerts.render.moments import clock
from vedette.alerts.render.story import Seen, story
from vedette.alerts.usual import Judgement

SEPTETS = 160

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("^{}\\[~]|€\f")
_INSTEAD = {"–": "-", "—": "-", "…": "..", "‘": "'", "’": "'", "“": '"', "”": '"', "`": "'", "→": "->", "·": "-"}
_LONGEST_END = 100


def gsm(text: str) -> str:
    """The text in the GSM alphabet: accents that it lacks are dropped, anything else it lacks is `?`.

    >>> gsm("Zoë – [ok] 😀")
    'Zoe - [ok] ?'
    """
    return "".join(map(_known, text))


def _known(char: str) -> str:
    if char in _BASIC or char in _EXTENDED:
        return char if char >= " " else " "
    if char in _INSTEAD:
        return _INSTEAD[char]
    bare = unicodedata.normalize("NFKD", char)[0]
    return bare if bare in _BASIC or bare in _EXTENDED else "?"


def septets(text: str) -> int:
    """How much room the text takes: characters of the extension table take two."""
    return sum(2 if char in _EXTENDED else 1 for char in text)


def fitting(text: str, room: int) -> str:
    """The text, cut to `room` septets, with `..` where it was cut."""
    if septets(text) <= room:
        return text
    kept, used = "", 2
    for char in text:
        used += septets(char)
        if used > room:
            break
        kept += char
    return kept.rstrip() + ".." if room >= 2 else ""


def sms(notice: Notice) -> str:
    """One part: who, what, from where, when; then the alert's page, if it has one, else its id."""
    if not notice.alerts:
        return fitting(gsm(subject(notice, ())), SEPTETS)
    first = notice.alerts[0]
    told = story(first, notice)
    seen = Seen(clean_evidence(first.evidence))
    start = gsm(subject(notice, (told,) * len(notice.alerts), longest=90))
    end = _end(told.page, told.id)
    more: list[tuple[str, ...]] = []
    if seen.evidence.addresses.values:
        more.append((f", from {words.whence(seen, 1)}", f", from {seen.evidence.addresses.most_common(1)[0][0]}.."))
    usual = notice.usual.get(first.id)
    if usual is not None and usual.judgement is Judgement.UNUSUAL:
        more.append((", unusual",))
    if first.evidence.count:
        more += [(f", {words.times(first.evidence.count)}",), (f", {clock(first.evidence.last, notice.zone)}",)]
    return _with(start, more, SEPTETS - septets(end)) + end


def _with(start: str, more: Iterable[Sequence[str]], room: int) -> str:
    """The start, and what else there is room for as a whole, each in the first of its forms that fits.

    Half an address, or half a time, is worse than none.
    """
    text = fitting(start, room)
    for forms in more:
        text += next((form for form in map(gsm, forms) if septets(text + form) <= room), "")
    return text


def _end(page: str, alert_id: str) -> str:
    if page and septets(gsm(page)) <= _LONGEST_END and gsm(page) == page:
        return f" {page}"
    return f" {encoded(alert_id)}" if len(encoded(alert_id)) <= _LONGEST_END else f" {gsm(shown(alert_id, 40))}"
