"""The command line: what users type, the exit codes and the texts of `--help`."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from migrator import __version__
from migrator.errors import JobFileError, MigratorError, UsageError

if TYPE_CHECKING:
    from migrator.console import Face, Foreseen
    from migrator.engine.commands import Engine
    from migrator.engine.ports import Stop
    from migrator.engine.runs import RunInfo
    from migrator.model.events import Event, Summary

EPILOG = """\
examples:
  migrator                               open the window
  migrator demo                          try it: two local S3 servers, no account, no network
  migrator plan photos.toml              what would happen, nothing is written
  migrator run photos.toml               migrate, check every object, report
  migrator resume latest                 go on with a stopped or crashed run
  migrator rollback latest --dry-run     what undoing it would remove, and what it would leave
  migrator status latest --follow        watch a run, also one of another process
  migrator report latest -o run.csv      one row for each key

Exit codes: 0 all done and verified, 1 some objects were not copied, 2 wrong job, arguments or keys,
3 refused before anything was written, 4 rolled back but something had to stay, 5 paused (resume it),
130/143 stopped. State is kept under MIGRATOR_HOME (see: migrator runs).
"""

#: Commands that begin by telling of a run that broke off.
_TELLS_OF_OTHERS = frozenset({"run", "plan", "resume", "rollback", "accept", "verify", "report", "status"})
_NEEDS_YES = "There is no terminal to ask on: add --yes to go on."


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
    if isinstance(error, JobFileError):
        print(error.message, file=sys.stderr)
    else:
        print(f"migrator: {error}", file=sys.stderr)
    return 2


# -- the parser -----------------------------------------------------------------------------------


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(2, f"{self.prog}: {message}. See: {self.prog} --help\n")


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
    parser.set_defaults(command=_window)
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

    run = add("run", _run, "plan, migrate, verify, report", "migrator run photos.toml")
    run.add_argument("job", type=Path, metavar="JOB", help="the job file (TOML)")
    run.add_argument(
        "--new", action="store_true", help="begin even beside an unfinished run of the same migration"
    )

    plan = add("plan", _plan, "say what would be copied and why; writes nothing", "migrator plan photos.toml")
    plan.add_argument("job", type=Path, metavar="JOB", help="the job file (TOML)")

    _run_argument(
        add("resume", _resume, "go on with a stopped run, retry what failed", "migrator resume latest")
    )

    rollback = add(
        "rollback",
        _rollback,
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

    accept = add("accept", _accept, "end undo for good; what was copied stays", "migrator accept latest")
    _run_argument(accept)
    accept.add_argument("--yes", action="store_true", help="do not ask")

    verify = add("verify", _verify, "compare both ends again; writes nothing", "migrator verify latest")
    _run_argument(verify)
    verify.add_argument("--read-back", action="store_true", help="read every copied byte again")

    forget = add(
        "forget", _forget, "remove the records of an accepted or undone run", "migrator forget latest"
    )
    _run_argument(forget)

    status = add(
        "status", _status, "say how far a run is, also beside its process", "migrator status --follow"
    )
    status.add_argument("run", metavar="RUN", nargs="?", default="latest", help='a run id; default "latest"')
    status.add_argument("--follow", action="store_true", help="go on until no process works on it any more")

    add("runs", _runs, "list all runs, newest first", "migrator runs")

    report = add("report", _report, "write a run's report", "migrator report latest -o run.html")
    _run_argument(report)
    report.add_argument(
        "--format", choices=("html", "json", "csv"), help="default: by the file's ending, else csv"
    )
    report.add_argument("-o", "--output", type=Path, metavar="FILE", help="default: standard output")

    demo = add("demo", _demo, "try everything on two local S3 servers", "migrator demo --headless")
    demo.add_argument("--headless", action="store_true", help="no window: plan, migrate, verify, exit")
    demo.add_argument("--objects", type=_count, default=500, metavar="N", help="sample objects (default 500)")
    return parser


def _run_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help='a run id, or "latest"')


def _count(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 1_000_000:
        raise argparse.ArgumentTypeError("a whole number between 1 and 1,000,000")
    return int(text)


# -- commands -------------------------------------------------------------------------------------


def _window(_: argparse.Namespace) -> int:
    from migrator.desktop import open_desktop

    return open_desktop()


def _run(options: argparse.Namespace) -> int:
    from migrator.config import read_job, read_table

    job, table = read_job(options.job), read_table(options.job)
    return _with_engine(options, lambda engine: engine.run(job, table, insist=options.new))


def _plan(options: argparse.Namespace) -> int:
    from migrator.config import read_job

    job = read_job(options.job)
    return _with_engine(options, lambda engine: engine.plan(job))


def _resume(options: argparse.Namespace) -> int:
    return _with_engine(options, lambda engine: engine.resume(options.run))


def _rollback(options: argparse.Namespace) -> int:
    if not options.dry_run:
        from migrator.config import read_job
        from migrator.engine.home import find_run, home

        directory = find_run(home(), options.run)
        bucket = read_job(directory.job).destination.bucket
        if options.even_last_copy not in (None, bucket):
            raise UsageError(
                f'--even-last-copy needs the name of the destination bucket, "{bucket}".',
                advice="It removes copies that may be the last ones.",
            )
        if not options.yes:
            _must_have_a_terminal()
            foreseen, end = _foresee(options)
            if end.cause != "dry-run":
                return end.exit_code
            _ask(foreseen.text)
    return _with_engine(options, _rollback_of(options, dry_run=options.dry_run))


def _rollback_of(options: argparse.Namespace, *, dry_run: bool) -> Callable[[Engine], Summary]:
    is_last_too = options.even_last_copy is not None
    return lambda engine: engine.rollback(options.run, dry_run=dry_run, even_last_copy=is_last_too)


def _foresee(options: argparse.Namespace) -> tuple[Foreseen, Summary]:
    """A dry run before anybody is asked. Where it does not get to its end, that is told as of any command."""
    from migrator.console import Foreseen

    foreseen = Foreseen(sys.stderr, _faces(options), quiet=options.quiet)
    return foreseen, _carry_out(_rollback_of(options, dry_run=True), [foreseen])


def _accept(options: argparse.Namespace) -> int:
    if not options.yes:
        info = _info(options.run)
        _ask(
            f"Run {info.run} copied {info.ledger.copied:,} objects, {info.open_uploads:,} uploads are open, "
            f"{info.kept:,} saved copies are kept.\n"
            "Accepting it aborts these uploads, removes these copies and ends undo for good."
        )
    return _with_engine(options, lambda engine: engine.accept(options.run))


def _verify(options: argparse.Namespace) -> int:
    return _with_engine(options, lambda engine: engine.verify(options.run, read_back=options.read_back))


def _forget(options: argparse.Namespace) -> int:
    from migrator.engine.forgetting import forget_run
    from migrator.engine.home import home
    from migrator.engine.ports import SystemClock

    run = forget_run(home(), options.run, SystemClock())
    if options.json:
        stamp = datetime.now(UTC).isoformat(timespec="milliseconds")
        print(json.dumps({"event": "forgotten", "time": stamp, "run": run}))
    elif not options.quiet:
        print(f"Run {run} is forgotten: its records were removed. Nothing was changed at either end.")
    return 0


def _status(options: argparse.Namespace) -> int:
    from migrator.overview import show_status

    return show_status(options.run, follow=options.follow, as_json=options.json)


def _runs(options: argparse.Namespace) -> int:
    from migrator.overview import show_runs

    return show_runs(as_json=options.json)


def _report(options: argparse.Namespace) -> int:
    from migrator.engine.home import find_run, home
    from migrator.engine.report import save_report

    ending = options.output.suffix.removeprefix(".").lower() if options.output else ""
    kind = options.format or (ending if ending in {"html", "json", "csv"} else "csv")
    save_report(find_run(home(), options.run), kind, options.output)
    return 0


def _demo(options: argparse.Namespace) -> int:
    from migrator.demo.show import run_demo

    return run_demo(
        options.objects,
        headless=options.headless,
        run=lambda work: _with_engine(options, work),
    )


# -- helpers --------------------------------------------------------------------------------------


def _with_engine(options: argparse.Namespace, work: Callable[[Engine], Summary]) -> int:
    """Run a command on this thread, told to the faces that the options ask for; returns the exit code."""
    return _carry_out(work, _faces(options)).exit_code


def _carry_out(work: Callable[[Engine], Summary], faces: Sequence[Face]) -> Summary:
    """Run a command on this thread; Ctrl-C and SIGTERM stop it."""
    from migrator.engine.commands import Engine
    from migrator.engine.home import home
    from migrator.engine.ports import Ports

    def emit(event: Event) -> None:
        for face in faces:
            face.show(event)

    ports = Ports()
    with _stop_on_signals(ports.stop):
        return work(Engine(home(), emit, ports))


def _faces(options: argparse.Namespace) -> list[Face]:
    from migrator.console import JsonLines, LogFile, Text

    faces: list[Face] = []
    if options.json:
        faces.append(JsonLines(sys.stdout))
    else:
        faces.append(Text(sys.stdout, sys.stderr, quiet=options.quiet, verbose=options.verbose))
    if options.log_file:
        try:
            faces.append(LogFile(options.log_file))
        except OSError as cause:
            raise UsageError(
                f"--log-file: {options.log_file} cannot be written: {cause.strerror}."
            ) from cause
    return faces


@contextmanager
def _stop_on_signals(stop: Stop) -> Iterator[None]:
    def handle(number: int, _: object) -> None:
        if not stop.is_asked:
            print("\nStopping after the requests under way; once more to break off.", file=sys.stderr)
        stop.ask(number)

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _info(run: str) -> RunInfo:
    from migrator.engine.home import find_run, home
    from migrator.engine.ports import SystemClock
    from migrator.engine.runs import run_info

    return run_info(find_run(home(), run), SystemClock())


def _ask(question: str) -> None:
    """Go on only after a clear yes.

    Raises:
        UsageError: nobody can be asked, or the answer was no.
    """
    _must_have_a_terminal()
    # Not `input(prompt)`: that one writes to stdout, which belongs to the result.
    print(f"{question}\nGo on? [y/N] ", end="", file=sys.stderr, flush=True)
    answer = sys.stdin.readline()
    if answer.strip().lower() not in {"y", "yes"}:
        raise UsageError("Nothing was changed.")


def _must_have_a_terminal() -> None:
    if not sys.stdin.isatty():
        raise UsageError(_NEEDS_YES)
