"""Reading boto3's answers, which are mappings of anything: a value of the kind that is asked for, or its empty one."""

from __future__ import annotations

from collections.abc import Mapping


def text(answer: Mapping[str, object], name: str) -> str:
    """The text of that name; empty where there is none."""
    value = answer.get(name)
    return value if isinstance(value, str) else ""


def flag(answer: Mapping[str, object], name: str) -> bool:
    """Whether it is there, and true."""
    return answer.get(name) is True


def mapping(answer: Mapping[str, object], name: str) -> Mapping[str, object]:
    """The mapping of that name; empty where there is none."""
    value = answer.get(name)
    return value if isinstance(value, Mapping) else {}


def records(answer: Mapping[str, object], name: str) -> tuple[Mapping[str, object], ...]:
    """The list of mappings of that name; empty where there is none."""
    value = answer.get(name)
    return tuple(one for one in value if isinstance(one, Mapping)) if isinstance(value, list | tuple) else ()


def texts(answer: Mapping[str, object], name: str) -> tuple[str, ...]:
    """The list of texts of that name; empty where there is none."""
    value = answer.get(name)
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list | tuple) else ()


def numbers(answer: Mapping[str, object], name: str) -> tuple[float, ...]:
    """The list of numbers of that name; empty where there is none."""
    value = answer.get(name)
    found = value if isinstance(value, list | tuple) else ()
    return tuple(one for one in found if isinstance(one, int | float) and not isinstance(one, bool))


def epoch(answer: Mapping[str, object], name: str) -> int | None:
    """The moment of that name (boto3 gives a datetime) in epoch seconds; None where there is none."""
    stamp = getattr(answer.get(name), "timestamp", None)
    return int(stamp()) if callable(stamp) else None
