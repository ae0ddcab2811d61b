"""The command line: one module a noun, loaded only when its command is called, so that `--help` stays quick.

This is one of the two places that may catch every exception: what is foreseen is told in a sentence with its exit
code, and what is not is told with a way to report it.
"""

from __future__ import annotations

import errno
import importlib
import os
import re
import sys
from collections.abc import Iterable, Sequence

import click

from vedette import __version__
from vedette.cli.streams import abandon_output, open_streams
from vedette.errors import ExitCode, VedetteError, closest, reason_of, unwritable

_COMMANDS = {
    "scan": ("vedette.cli.scan", "Find what matters in CloudTrail logs."),
    "run": ("vedette.cli.run", "Watch CloudTrail, and alert people."),
    "detections": ("vedette.cli.detections", "List, show, check, test and start detections."),
    "pattern": ("vedette.cli.pattern", "Try a CloudWatch Logs filter pattern on messages."),
    "explain": ("vedette.cli.explain", "Say why a detection did, or did not, match a record."),
    "simulate": ("vedette.cli.simulate", "Write a realistic account's logs, with an attack in them."),
    "init": ("vedette.cli.init", "Write settings, by asking three questions."),
    "alerts": ("vedette.cli.alerts", "Look at what the monitor has found, and answer it."),
    "deliveries": ("vedette.cli.deliveries", "See which messages arrived, and try again."),
    "channels": ("vedette.cli.channels", "List, test and preview the ways to people."),
    "silences": ("vedette.cli.silences", "Hold back what is expected, for a while."),
    "mail": ("vedette.cli.mail", "Read the mail in the monitor's mail folder."),
    "sources": ("vedette.cli.sources", "See how the sources are, and what was put aside."),
    "doctor": ("vedette.cli.doctor", "Check that everything is there, and say how to mend it."),
    "canary": ("vedette.cli.canary", "Send a harmless record the whole way, and wait for it."),
    "store": ("vedette.cli.store", "Look after what the monitor keeps."),
    "deploy": ("vedette.cli.deploy", "Put the whole chain into an AWS account, and look after it."),
    "secrets": ("vedette.cli.secrets", "Keep credentials in AWS Secrets Manager."),
    "demo": ("vedette.cli.demo", "Make a day of logs with an attack, and find the attack."),
}


class LazyGroup(click.Group):
    """A group that knows its commands' names and summaries without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in the order in which a newcomer needs them."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's module; its attribute `command` is the click command."""
        if cmd_name not in _COMMANDS:
            return None
        command = importlib.import_module(_COMMANDS[cmd_name][0]).command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from the table above, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in _COMMANDS.items()])


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
    epilog="Start with `vedette demo`, or with `vedette scan ./AWSLogs` where you have logs.",
)
@click.version_option(__version__, "-V", "--version", message="vedette %(version)s")
def cli() -> None:
    """AWS security monitoring: who did what, from where, and what to do now."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave the process with the documented exit code."""
    sys.exit(invoke(sys.argv[1:] if arguments is None else list(arguments)))


def invoke(arguments: Sequence[str]) -> int:
    """Run one command; its exit code (see `errors.ExitCode`). Nothing but a bug escapes from here.

    Not called `run`: importing the command of that name would take its place in this package.
    """
    try:
        return _run(arguments)
    except VedetteError as error:
        return _tell(error.render(), error.exit_code)
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    except click.UsageError as error:
        return _tell_usage(error)
    except click.ClickException as error:
        return _tell(_sentence(error.format_message()), ExitCode.WRONG_INPUT)
    except (click.Abort, KeyboardInterrupt):
        return _tell("interrupted", ExitCode.INTERRUPTED)
    except BrokenPipeError:
        # The reader (`head`, a closed pager) has had enough: not our failure.
        abandon_output()
        return ExitCode.DONE
    except OSError as error:
        if "VEDETTE_DEBUG" in os.environ:
            raise
        abandon_output()
        if _is_full(error):
            return _tell(
                unwritable(f"`{error.filename}`" if error.filename else "the answer", error).render(), ExitCode.FAILURE
            )
        place = f"`{error.filename}`: " if error.filename else ""
        return _tell(place + reason_of(error), ExitCode.FAILURE)
    except Exception as error:
        if "VEDETTE_DEBUG" in os.environ:
            raise
        hint = "this is a bug in Vedette; run it again with VEDETTE_DEBUG=1 for the details that a report needs"
        return _tell(f"{type(error).__name__}: {error}\nhint: {hint}", ExitCode.FAILURE)


def _run(arguments: Sequence[str]) -> int:
    """As click's own `main`, which would answer 1 for a closed pipe; what was written has left when this returns."""
    open_streams()
    with cli.make_context("vedette", list(arguments)) as context:
        outcome = cli.invoke(context)
    sys.stdout.flush()
    return int(outcome) if isinstance(outcome, int) else ExitCode.DONE


def _is_full(error: OSError) -> bool:
    return error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def _tell_usage(error: click.UsageError) -> int:
    if type(error).__name__ == "NoArgsIsHelpError":  # a group without a command; older click prints its help itself
        click.echo(error.format_message(), err=True)
        return ExitCode.WRONG_INPUT
    text = _sentence(error.format_message())
    meant = _meant(error, text)
    if meant:
        return _tell(f"{text}\nhint: did you mean `{meant}`?", ExitCode.WRONG_INPUT)
    hint = f"\nhint: `{error.ctx.command_path} --help` lists what it takes" if error.ctx else ""
    return _tell(text + hint, ExitCode.WRONG_INPUT)


def _meant(error: click.UsageError, text: str) -> str:
    """The word that was probably meant where one of a few was to be given; empty if there is none like it."""
    given = re.search(r"`([^`]*)`(?= is not one of|$)", text)
    choices: Iterable[str] = ()
    if isinstance(error, click.NoSuchOption):
        choices = error.possibilities or ()
    elif isinstance(error, click.BadParameter) and error.param and isinstance(error.param.type, click.Choice):
        choices = map(str, error.param.type.choices)
    elif error.ctx and isinstance(error.ctx.command, click.Group) and text.startswith("no such command"):
        choices = error.ctx.command.list_commands(error.ctx)
    return (given is not None and closest(given[1], choices)) or ""


def _sentence(text: str) -> str:
    """Click's message in our grammar: lower-case, without a full stop, literals in back-ticks."""
    text = text.strip().partition(" Did you mean")[0].rstrip(".")  # newer click adds it, and we say it in a hint
    text = re.sub(r"'([^'\n]*)'", r"`\1`", text).replace("option: ", "option ")
    return text[:1].lower() + text[1:]


def _tell(text: str, code: int) -> int:
    if code == ExitCode.INTERRUPTED:
        print(f"vedette: {text}", file=sys.stderr)  # noqa: T201  the boundary itself
    else:
        from vedette.cli.output import print_error

        print_error(text)
    return code
