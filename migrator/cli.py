"""The command line: what users type, the exit codes and the texts of `--help`.

What each command does is in `cli_commands`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import NoReturn

from migrator import __version__, cli_commands, cli_licences
from migrator.errors import JobFileError, MigratorError
from migrator.model.objects import visible

EPILOG = """\
examples:
  migrator                               open the window
  migrator demo                          try it: two local S3 servers, no account, no network
  migrator keys set lyve                 store keys in the system's key store
  migrator policy photos.toml            the rights its keys need, ready to paste
  migrator check photos.toml             whether its keys may do that, proven by trying
  migrator plan photos.toml              what would happen, nothing is written
  migrator run photos.toml               migrate, check every object, report
  migrator resume latest                 go on with a stopped or crashed run
  migrator rollback latest --dry-run     what undoing it would remove, and what it would leave
  migrator status latest --follow        watch a run, also one of another process
  migrator why latest photos/one.jpg     what a run did about one key, and why
  migrator report latest -o run.csv      one row for each key

Exit codes: 0 all done and verified, 1 some objects were not copied, 2 wrong job, arguments or keys,
3 refused before anything was written, 4 rolled back but something had to stay, 5 paused (resume it),
130/143 stopped. State is kept under MIGRATOR_HOME (see: migrator runs).
"""

#: Commands that begin by telling of a run that broke off.
_TELLS_OF_OTHERS = frozenset({"run", "plan", "resume", "rollback", "accept", "verify", "report", "status"})


def run_command_line(arguments: Sequence[str]) -> int:
    """Carry out one command; returns the contract's exit code."""
    if arguments[:1] == ["_s3server"]:
        from migrator.demo.s3server import main as serve

        return serve(list(arguments[1:]))
    options = build_parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        if getattr(options, "name", "") in _TELLS_OF_OTHERS and not (options.json or options.quiet):
            from migrator.overview import tell_of_a_broken_off_run

            tell_of_a_broken_off_run(getattr(options, "run", ""))
        return command(options)
    except MigratorError as error:
        return _refused(options, error)
    except KeyboardInterrupt:
        return 130  # at a question: whatever works stops by itself, and says so
    except BrokenPipeError:
        # Somebody closed our stdout (`| head`): not our failure, and nothing more can be said there.
        sys.stderr.close()
        return 1


def _refused(options: argparse.Namespace, error: MigratorError) -> int:
    """Errors that kept a command from beginning, in the shape the caller asked for."""
    from migrator.model.events import Summary
    from migrator.model.ledger import Ledger, Outcome

    if getattr(options, "json", False):
        from migrator.console import JsonLines

        books = Ledger().as_dict()
        end = Summary(
            "", Outcome.REFUSED, 0.0, books, message=error.message, advice=error.advice, exit_code=2
        )
        JsonLines(sys.stdout).show(end)
    head = "" if isinstance(error, JobFileError) else "migrator: "
    for line in str(error).splitlines():
        print(f"{head}{visible(line)}", file=sys.stderr)
    return 2


# -- the parser -----------------------------------------------------------------------------------


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(2, f"{self.prog}: {visible(message)}. See: {self.prog} --help\n")


def build_parser() -> argparse.ArgumentParser:
    """Every command with its options; `command` of the result carries it out."""
    shared = _Parser(add_help=False)
    talk = shared.add_argument_group("what is told")
    talk.add_argument("--json", action="store_true", help="one JSON object a line on stdout, nothing else")
    talk.add_argument("--quiet", action="store_true", help="errors and the result only")
    talk.add_argument("--verbose", action="store_true", help="a line for each object")
    talk.add_argument(
        "--log-file", type=Path, metavar="FILE", help="append every event to FILE as JSON lines"
    )

    parser = _Parser(
        prog="migrator",
        description="AWS S3 <> Lyve Cloud Data Migration: moves a bucket either way, checks every object, "
        "and can undo it. Without a command it opens the window.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"migrator {__version__}")
    parser.add_argument("--licences", action=cli_licences.Show, help="the licences of all that is in it")
    parser.set_defaults(command=cli_commands.window)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", parser_class=_Parser)

    def add(
        name: str, command: Callable[[argparse.Namespace], int], text: str, example: str
    ) -> argparse.ArgumentParser:
        each = commands.add_parser(
            name,
            help=text,
            description=f"{text[0].upper()}{text[1:]}.",
            epilog=f"example:\n  {example}",
            parents=[shared],
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        each.set_defaults(command=command, name=name)
        return each

    run = add("run", cli_commands.run, "plan, migrate, verify, report", "migrator run photos.toml")
    run.add_argument("job", type=Path, metavar="JOB", help="the job file (TOML)")
    run.add_argument(
        "--new", action="store_true", help="begin even beside an unfinished run of the same migration"
    )

    plan = add(
        "plan",
        cli_commands.plan,
        "say what would be copied and why; writes nothing",
        "migrator plan photos.toml",
    )
    plan.add_argument("job", type=Path, metavar="JOB", help="the job file (TOML)")
    plan.add_argument(
        "--deep", action="store_true", help="ask every object for its properties, not a sample of them"
    )
    plan.add_argument(
        "--speed",
        type=_speed,
        default=0.0,
        metavar="SPEED",
        help='how fast it would be, e.g. "50 MB/s"; default: as earlier runs of the migration were',
    )

    check = add(
        "check",
        cli_commands.check,
        "prove that the keys may do what the job needs, and probe what the services honour",
        "migrator check photos.toml",
    )
    check.add_argument("job", type=Path, metavar="JOB", help="the job file (TOML)")

    policy = add(
        "policy",
        cli_commands.policy,
        "print the least-privilege policies of a job; needs no keys and no network",
        "migrator policy photos.toml",
    )
    policy.add_argument("job", type=Path, metavar="JOB", help="the job file (TOML)")

    _run_argument(
        add(
            "resume",
            cli_commands.resume,
            "go on with a stopped run, retry what failed",
            "migrator resume latest",
        )
    )

    rollback = add(
        "rollback",
        cli_commands.rollback,
        "put the destination back as it was before a run",
        "migrator rollback latest --dry-run",
    )
    _run_argument(rollback)
    rollback.add_argument("--dry-run", action="store_true", help="say what it would do, change nothing")
    rollback.add_argument("--yes", action="store_true", help="do not ask")
    rollback.add_argument(
        "--even-last-copy",
        metavar="BUCKET",
        help="remove copies even where the source no longer holds the object; repeat the destination "
        "bucket's name to confirm",
    )

    accept = add(
        "accept", cli_commands.accept, "end undo for good; what was copied stays", "migrator accept latest"
    )
    _run_argument(accept)
    accept.add_argument("--yes", action="store_true", help="do not ask")

    verify = add(
        "verify", cli_commands.verify, "compare both ends again; writes nothing", "migrator verify latest"
    )
    _run_argument(verify)
    verify.add_argument("--read-back", action="store_true", help="read every copied byte again")

    forget = add(
        "forget",
        cli_commands.forget,
        "remove the records of an accepted or undone run",
        "migrator forget latest",
    )
    _run_argument(forget)

    status = add(
        "status",
        cli_commands.status,
        "say how far a run is, also beside its process",
        "migrator status --follow",
    )
    status.add_argument("run", metavar="RUN", nargs="?", default="latest", help='a run id; default "latest"')
    status.add_argument("--follow", action="store_true", help="go on until no process works on it any more")

    add("runs", cli_commands.runs, "list all runs, newest first", "migrator runs")

    report = add("report", cli_commands.report, "write a run's report", "migrator report latest -o run.html")
    _run_argument(report)
    report.add_argument(
        "--format", choices=("html", "json", "csv"), help="default: by the file's ending, else csv"
    )
    report.add_argument(
        "--sha256",
        action="store_true",
        help="csv only: read every copied object back and add its SHA-256; says first what that costs",
    )
    report.add_argument("-o", "--output", type=Path, metavar="FILE", help="default: standard output")

    why = add(
        "why",
        cli_commands.why,
        "say what a run did about one key, and why",
        "migrator why latest photos/2024/one.jpg",
    )
    _run_argument(why)
    why.add_argument(
        "key",
        metavar="KEY",
        help="the key at the source, or its name at the destination; also as reports show it (\\u{7})",
    )

    _add_keys(commands, shared)

    demo = add(
        "demo", cli_commands.demo, "try everything on two local S3 servers", "migrator demo --headless"
    )
    demo.add_argument("--headless", action="store_true", help="no window: plan, migrate, verify, exit")
    demo.add_argument("--objects", type=_count, default=500, metavar="N", help="sample objects (default 500)")
    return parser


def _add_keys(commands: argparse._SubParsersAction[_Parser], shared: _Parser) -> None:
    text = "keep keys in the system's key store"
    keys = commands.add_parser(
        "keys",
        help=text,
        description=f"{text[0].upper()}{text[1:]}; a job file refers to them with keyring:NAME.",
        epilog="example:\n  migrator keys set lyve",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = keys.add_subparsers(title="what to do", metavar="ACTION", required=True, parser_class=_Parser)

    def add(name: str, command: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        description = f"{text[0].upper()}{text[1:]}."
        each = actions.add_parser(name, help=text, description=description, parents=[shared])
        each.add_argument("key_name", metavar="NAME", help="a job file calls them keyring:NAME")
        each.set_defaults(command=command, name="keys")
        return each

    store = add("set", cli_commands.set_keys, "store keys: asks for them, or reads them from standard input")
    store.add_argument(
        "--expires",
        type=_moment,
        metavar="MOMENT",
        help="when temporary keys run out, e.g. 2026-11-28T20:00:00Z: you are told before it happens",
    )
    test = add("test", cli_commands.test_keys, "try keys at the service they belong to; writes nothing there")
    test.add_argument("--job", type=Path, metavar="JOB", help="at the ends of this job that name them")
    test.add_argument("--endpoint-url", metavar="URL", help="at this S3 service (default: AWS)")
    test.add_argument("--region", metavar="REGION", help="sign for this region")
    add("forget", cli_commands.forget_keys, "remove keys from the key store for good")


def _run_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help='a run id, or "latest"')


def _speed(text: str) -> float:
    from migrator.model.sizes import parse_size

    try:
        speed = parse_size(text.strip().removesuffix("/s"))
    except ValueError:
        speed = 0
    if speed <= 0:
        raise argparse.ArgumentTypeError(f'"{text}" is not a speed; write e.g. "50 MB/s"')
    return float(speed)


def _moment(text: str) -> datetime:
    from migrator.credentials import moment

    with suppress(ValueError):
        if (found := moment(text)) is not None:
            return found
    raise argparse.ArgumentTypeError(f'"{text}" is not a moment; write e.g. 2026-11-28T20:00:00Z')


def _count(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 1_000_000:
        raise argparse.ArgumentTypeError("a whole number between 1 and 1,000,000")
    return int(text)
