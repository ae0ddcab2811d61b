"""What an imported detection is called, and how severe it is: guessed from names, with the reason for the guess."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from vedette.deploy.importing.questions import Equivalent, Likeness
from vedette.detections.definition import Severity

_LONGEST = 60
_HOLE = re.compile(r"\$\{[^}]*\}")
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_NOISE = frozenset(
    ("alarm", "alarms", "count", "counts", "metric", "metrics", "filter", "event", "events", "cis", "cloudwatch")
)
_SIGNS: tuple[tuple[Severity, str], ...] = (
    (Severity.CRITICAL, r"critical|\bp0\b|\bp1\b|\bsev[- ]?1\b"),
    (Severity.HIGH, r"\bhigh\b|\bp2\b|\bsev[- ]?2\b|root"),
    (Severity.MEDIUM, r"\bmedium\b|\bwarning\b|\bp3\b|\bsev[- ]?3\b"),
    (Severity.LOW, r"\blow\b|\bp4\b|\bsev[- ]?4\b"),
    (Severity.INFORMATIONAL, r"\binfo(rmational)?\b"),
)


@dataclass(frozen=True, slots=True)
class Guess:
    """A severity, and what it was guessed from."""

    severity: Severity
    reason: str


def words(name: str) -> list[str]:
    """The words of a name, however they are joined: `CISRootUsage-2` is cis, root, usage, 2; `${…}` is none."""
    return [word.lower() for word in _WORDS.findall(_HOLE.sub(" ", name))]


def slug(name: str, taken: Collection[str]) -> str:
    """An id that a detection file may have and that is not taken."""
    parts = [word for word in words(name) if word not in _NOISE] or words(name)
    while parts and parts[0][0].isdigit():
        parts.append(parts.pop(0)) if any(not part[0].isdigit() for part in parts) else parts.insert(0, "imported")
    whole = "-".join(parts)[:_LONGEST].rstrip("-") or "imported"
    candidates = [whole, f"{whole}-imported", *(f"{whole}-imported-{number}" for number in range(2, len(taken) + 3))]
    return next(each for each in candidates if each not in taken)


def title(name: str, equivalents: Collection[Equivalent]) -> str:
    """One line without a full stop: the built-in detection's where the question is the same, else the name in words."""
    for one in equivalents:
        if one.likeness is not Likeness.VERDICTS:
            return one.detection.title
    spelled = " ".join(word for word in words(name) if word not in _NOISE) or "Imported"
    return spelled[:1].upper() + spelled[1:_LONGEST]


def guess(name: str, description: str, equivalents: Collection[Equivalent]) -> Guess:
    """From the name first, because somebody chose it; then from what the built-in detection says; else medium."""
    spelled = f"{' '.join(words(name))} {description}".lower()
    for severity, sign in _SIGNS:
        if found := re.search(sign, spelled):
            return Guess(severity, f"`{found.group().strip()}` in its name or description")
    for one in equivalents:
        return Guess(one.detection.severity, f"as the built-in `{one.detection.id}`")
    return Guess(Severity.MEDIUM, "nothing tells")
