"""How an operation on stacks is told while it goes on: by what people know, with the time it has taken."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.text import Text

from vedette.aws import AwsError, Failure
from vedette.cli import output
from vedette.deploy.apply import Point, Step

_WORDS = {Point.BEGUN: "begun", Point.DONE: "done", Point.FAILED: "failed"}
_STYLES = {Point.BEGUN: "bold", Point.DONE: "green", Point.FAILED: "bold red"}


def tell(step: Step, elapsed: float) -> None:
    """A line for each thing on a terminal, for each stack elsewhere; what fails is told anywhere."""
    clock = minutes(round(elapsed))
    if step.whole:
        output.say(Text.assemble(f"{clock:>5}  {step.subject}: ", (_WORDS[step.point], _STYLES[step.point])))
    elif step.point is Point.FAILED:
        output.say(Text.assemble(f"{clock:>5}    ", ("failed  ", "bold red"), step.subject, f" ({step.kind})"))
    elif step.point is Point.DONE and sys.stderr.isatty():
        count = f"{step.done}/{step.of}"
        output.say(Text.assemble(f"{clock:>5}    ", (f"{count:>7}  ", "dim"), output.cut(step.subject, 60)))


def minutes(seconds: int) -> str:
    """`0:41`, `12:07`."""
    return f"{seconds // 60}:{seconds % 60:02d}"


@contextmanager
def going_on(command: str) -> Iterator[None]:
    """Says what goes on in AWS when the block is interrupted, or AWS cannot be asked any more; `command` resumes it."""
    try:
        yield
    except KeyboardInterrupt:
        output.say("")
        _goes_on(command)
        raise
    except AwsError as error:
        if error.transient or error.failure is Failure.CREDENTIALS:
            _goes_on(command)
        raise


def _goes_on(command: str) -> None:
    output.say("CloudFormation goes on with the stack that it is at work on", style="yellow")
    output.say(f"{command} waits for it, and does the rest", style="dim")
