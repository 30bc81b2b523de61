"""``rollout``: finds the command, and says how it ended.

Imports next to nothing before the command is known: ``rollout --help`` is quick.
"""

import argparse
import difflib
import importlib
import os
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import TYPE_CHECKING

from rollout.commands import COMMANDS, module_name
from rollout.errors import RolloutError

if TYPE_CHECKING:
    from rollout.commands.target import Target

DONE, FAILED, USAGE = 0, 1, 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return its exit status.

    0 done, 1 refused or failed, 2 wrong usage, 130 interrupted, 143 ended by SIGTERM.
    """
    _open_closed_streams()
    try:
        status = _main(sys.argv[1:] if argv is None else list(argv))
        sys.stdout.flush()
        return status
    except BrokenPipeError:  # "rollout history | head": the reader has seen enough
        _give_up_stdout()
        return FAILED
    except OSError as error:  # stdout's disk is full; nothing else comes up to here
        _give_up_stdout()
        print(f"standard output: {error.strerror}.", file=sys.stderr)
        return FAILED


def _open_closed_streams() -> None:
    """``rollout status >&-``: Python has None then, and a socket takes the place."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115


def _give_up_stdout() -> None:
    """Let go of what could not be written, or Python tries again at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _main(argv: list[str]) -> int:
    try:
        module, args = _parse(argv)
    except SystemExit as ended:  # argparse: help, or wrong usage
        return ended.code if isinstance(ended.code, int) else USAGE
    return _run(module, args)


def _parse(argv: list[str]) -> tuple[ModuleType, argparse.Namespace]:
    """Find the command's module and parse its arguments; leaves as argparse does."""
    top = _top_parser()
    args = top.parse_args(argv)
    if args.command is None:
        top.print_help(sys.stderr)
        raise SystemExit(USAGE)
    if args.command not in COMMANDS:
        close = difflib.get_close_matches(args.command, COMMANDS, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        top.error(f"there is no command {args.command!r}{hint}")
    module = importlib.import_module(module_name(args.command))
    parser = argparse.ArgumentParser(
        prog=f"rollout {args.command}",
        description=(module.__doc__ or "").strip().partition("\n\n")[0],
        epilog="Example:\n"
        + "\n".join(f"    {line}" for line in module.EXAMPLE.strip().splitlines()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    module.arguments(parser)
    _common(parser)
    rest = vars(args).pop("rest")
    parser.parse_args(rest, args)
    return module, args


def _top_parser() -> argparse.ArgumentParser:
    width = max(map(len, COMMANDS))
    listed = "\n".join(f"  {name:<{width}}  {text}" for name, text in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="rollout",
        usage="rollout COMMAND [--help] [options]",
        description="Bring schema changes to production safely, and back.",
        epilog=f"commands:\n{listed}\n\nrollout COMMAND --help shows an example.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("command", nargs="?", help=argparse.SUPPRESS)
    parser.add_argument("rest", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    _common(parser)
    parser.set_defaults(
        database_url=None,
        config=os.environ.get("ALEMBIC_CONFIG", "alembic.ini"),
        schema="alembic",
        json=False,
        x=[],
    )
    return parser


def _common(parser: argparse.ArgumentParser) -> None:
    """The options of every command, before or after its name."""
    group = parser.add_argument_group("options of every command")
    unset = argparse.SUPPRESS
    group.add_argument(
        "--database-url", metavar="URL", default=unset,
        help="the database; better set DATABASE_URL: others can read arguments",
    )  # fmt: skip
    group.add_argument(
        "--config", metavar="FILE", default=unset, help="default: alembic.ini"
    )
    group.add_argument(
        "--schema", "-n", metavar="NAME", default=unset,
        help="section of the file, as in alembic -n; default: alembic",
    )  # fmt: skip
    group.add_argument(
        "--json", action="store_true", default=unset, help="one JSON document on stdout"
    )
    group.add_argument(
        "-x", action="append", metavar="NAME=VALUE", default=unset,
        help="a setting, as in alembic: -x lock_wait_s=120",
    )  # fmt: skip


def _run(module: ModuleType, args: argparse.Namespace) -> int:
    """Run the command; whatever goes wrong becomes a message and a status."""
    from rollout.commands import failures
    from rollout.commands.output import Output
    from rollout.commands.target import Target
    from rollout.running import interrupts

    out, target = Output(json=args.json, section=args.schema), None
    try:
        target = Target.of(args)
        with interrupts.heard():
            status = module.run(target, args, out)
        return int(status)
    except KeyboardInterrupt as error:
        out.failed(f"\n{interrupts.said(error)} {_state(module, args, target)}")
        return interrupts.status(error)
    except BrokenPipeError:
        raise
    except Exception as error:
        message = failures.message(error, target)
        if message is None:
            raise
        try:
            sys.stdout.flush()
        except OSError:
            _give_up_stdout()
        out.failed(message)
        return FAILED


def _state(
    module: ModuleType, args: argparse.Namespace, target: "Target | None"
) -> str:
    """What state things are in after a signal, as far as that can be found out."""
    from rollout.commands import failures, state

    if target is None:
        return "Nothing was changed."
    try:
        own = getattr(module, "interrupted", None)
        return str(own(target, args) if own else state.describe(target))
    except RolloutError as error:
        return f"Where things stand could not be asked:\n{error}"
    except Exception as error:
        message = failures.message(error, target)
        if message is None:
            raise
        return f"Where things stand could not be asked:\n{message}"
