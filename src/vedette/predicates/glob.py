"""The `*` of text conditions, exactly as CloudWatch Logs compares it.

Recorded answers show that CloudWatch Logs walks the value once and never goes back: the text after a `*` has to be
found, and its *first* place counts. So `*111.111` is not found in `111.111.111.111`, although the value ends with it.
The four answers that show this, and nothing simpler explains together (`v` is `111.111.111.111`):

    v != 111*111          matches
    v = "*111.111.111"    does not match
    v = *.111.111.111     matches
    123 != "1*3"          does not match, so a `*` in the middle is a wildcard, quoted or not
"""

from __future__ import annotations


def glob_holds(pattern: str, text: str) -> bool:
    """Whether `text` as a whole fits `pattern`, in which each `*` stands for a run of characters, possibly empty.

    What stands between two `*` is taken at its first place; what stands after the last `*` has to be found for the
    first time, from there, at the very end. Without `*` it is equality. Linear in the length of `text` for each `*`.

    >>> glob_holds("Access*", "AccessDenied"), glob_holds("*Operation", "Client.UnauthorizedOperation")
    (True, True)
    >>> glob_holds("*aa", "aaa")
    False
    """
    first, *rest = pattern.split("*")
    if not rest:
        return text == pattern
    if not text.startswith(first):
        return False
    at = len(first)
    for part in rest[:-1]:
        at = text.find(part, at)
        if at < 0:
            return False
        at += len(part)
    last = rest[-1]
    return not last or text.find(last, at) == len(text) - len(last) >= at
