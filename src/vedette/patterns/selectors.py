"""Read selectors: `$.userIdentity.arn`, `$.resources[0]`, `$.items[*].name`, `$.['a.b']`.

    selector := '$' '.' step { '.' step | bracket }
    step     := name | '*' | bracket
    name     := ( A-Z | a-z | 0-9 | '_' | '-' ) { … }
    bracket  := '[' digits ']' | '[*]' | "['" any but "'" "']"

Sources: CloudWatch Logs "Filter pattern syntax"; recorded answers for what is refused.
"""

from __future__ import annotations

import re
from typing import Final

from vedette.errors import PatternSyntaxError
from vedette.patterns.faults import TOO_MANY_WILDCARDS, Source
from vedette.predicates.tree import EACH, Selector, Step

MAX_INDEX: Final = 2**31 - 1
"""The largest index: AWS's service is written for 32-bit indices, as far as its refusals tell; not recorded."""

_STEP: Final = re.compile(r"(?P<name>[A-Za-z0-9_-]+)|(?P<each>\*|\[\*\])|\[(?P<index>[0-9]+)\]|\['(?P<key>[^']*)'\]")
_BROKEN_BRACKET: Final = re.compile(r"\[(?:'[^']*'?|\*|[0-9]+)?")


def selector_end(source: Source, at: int) -> int:
    """Where the selector that begins at `at` ends. Raises PatternSyntaxError if none does."""
    if source.text[at + 1 : min(at + 2, source.end)] != ".":
        raise _no_dot(source, at)
    end = _step_end(source, at, at + 2)
    while end < source.end and source.text[end] in ".[":
        end = _step_end(source, end, end + (source.text[end] == "."))
    return end


def _step_end(source: Source, start: int, at: int) -> int:
    found = _STEP.match(source.text, at, source.end)
    if found:
        return found.end()
    broken = _BROKEN_BRACKET.match(source.text, at, source.end)
    raise _no_step(source, start, broken.end() if broken else at)


def _no_dot(source: Source, at: int) -> PatternSyntaxError:
    following = source.text[at + 1 : min(at + 2, source.end)]
    hint = "a selector starts with `$.`, as in `$.eventName`"
    if following == "[":
        hint = "write `$.['…']`, with a dot after `$` and single quotes"
    return source.no_token(at, at + 1, "`$` is not followed by a dot", hint)


def _no_step(source: Source, start: int, offender: int) -> PatternSyntaxError:
    before, char = source.text[:offender], source.text[offender : min(offender + 1, source.end)]
    if before.endswith("[") and char == '"':
        return source.no_token(start, offender, "a name in brackets stands in single quotes", "write `['…']`")
    if before.endswith("[") and char == "-":
        return source.no_token(start, offender, "an index counts from 0, and cannot be negative")
    if before.endswith("[") and char:
        return source.no_token(start, offender, "brackets hold an index, `*`, or a name in single quotes")
    if char and not char.isascii():
        hint = "put a name with other characters in brackets, as in `$.['größe']`"
        return source.no_token(start, offender, f"`{char}` is not allowed in a bare name", hint)
    return source.no_token(start, offender, "the selector breaks off", "after the dot comes a name, `*` or a bracket")


def read_selector(source: Source, start: int, end: int) -> Selector:
    """The selector that stands at `[start, end)`; it was found there by `selector_end`."""
    steps: list[Step] = []
    at = start + 2
    while at < end:
        found = _STEP.match(source.text, at, end)
        assert found is not None
        steps.append(_read_step(source, found))
        at = found.end() + (source.text[found.end() : found.end() + 1] == ".")
    if steps.count(EACH) > 1:
        raise source.error(
            "a selector may have one wildcard", start, end, TOO_MANY_WILDCARDS, "name the step, or give its index"
        )
    return Selector(tuple(steps))


def _read_step(source: Source, found: re.Match[str]) -> Step:
    if found["each"]:
        return EACH
    if found["index"] is None:
        return found["name"] if found["key"] is None else found["key"]
    digits = found["index"].lstrip("0") or "0"
    if len(digits) > len(str(MAX_INDEX)) or int(digits) > MAX_INDEX:
        raise source.error(f"the index is larger than {MAX_INDEX}", found.start("index"), found.end("index"))
    return int(digits)
