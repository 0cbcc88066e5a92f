"""What each command of the command line does: who works, who shows it, and what is asked before."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from migrator.errors import UsageError

if TYPE_CHECKING:
    from migrator.console import Face, Foreseen
    from migrator.engine.commands import Engine
    from migrator.engine.ports import Stop
    from migrator.engine.runs import RunInfo
    from migrator.model.events import Event, Summary

_NEEDS_YES = "There is no terminal to ask on: add --yes to go on."


def window(_: argparse.Namespace) -> int:
    from migrator.desktop import open_desktop

    return open_desktop()


def run(options: argparse.Namespace) -> int:
    from migrator.config import read_job, read_table

    job, table = read_job(options.job), read_table(options.job)
    return _with_engine(options, lambda engine: engine.run(job, table, insist=options.new))


def plan(options: argparse.Namespace) -> int:
    from migrator.config import read_job

    job = read_job(options.job)
    return _with_engine(
        options, lambda engine: engine.plan(job, deep=options.deep, speed_bytes_s=options.speed)
    )


def resume(options: argparse.Namespace) -> int:
    return _with_engine(options, lambda engine: engine.resume(options.run))


def rollback(options: argparse.Namespace) -> int:
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


def accept(options: argparse.Namespace) -> int:
    if not options.yes:
        info = _info(options.run)
        _ask(
            f"Run {info.run} copied {info.ledger.copied:,} objects, {info.open_uploads:,} uploads are open, "
            f"{info.kept:,} saved copies are kept.\n"
            "Accepting it aborts these uploads, removes these copies and ends undo for good."
            f"{_locks_too(options.run)}"
        )
    return _with_engine(options, lambda engine: engine.accept(options.run))


def _locks_too(run: str) -> str:
    from migrator.config import read_job
    from migrator.engine.home import find_run, home

    job = read_job(find_run(home(), run).job)
    if job.carry.locks != "after-verify":
        return ""
    return "\nIt also locks every copy as its object is locked: such copies cannot be removed until then."


def verify(options: argparse.Namespace) -> int:
    return _with_engine(options, lambda engine: engine.verify(options.run, read_back=options.read_back))


def forget(options: argparse.Namespace) -> int:
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


def status(options: argparse.Namespace) -> int:
    from migrator.overview import show_status

    return show_status(options.run, follow=options.follow, as_json=options.json)


def runs(options: argparse.Namespace) -> int:
    from migrator.overview import show_runs

    return show_runs(as_json=options.json)


def report(options: argparse.Namespace) -> int:
    from migrator import ending_words, words
    from migrator.engine.home import find_run, home
    from migrator.engine.report import save_report

    ending = options.output.suffix.removeprefix(".").lower() if options.output else ""
    kind = options.format or (ending if ending in {"html", "json", "csv"} else "csv")
    if options.sha256:
        return _sign(options, kind)
    written = save_report(find_run(home(), options.run), kind, options.output)
    if not options.quiet:
        for line in (
            words.reported(str(options.output or ""), written.sha256),
            ending_words.drift(written.drift),
        ):
            if line:
                print(line, file=sys.stderr)
    return 0


def _sign(options: argparse.Namespace, kind: str) -> int:
    """A CSV report with a SHA-256 of each copied object, which is read for it."""
    from migrator.console import Text

    if kind != "csv":
        raise UsageError("--sha256 adds a column to the CSV report: leave out --format, or write csv.")
    if options.output is None and options.json:
        raise UsageError("--json and the report cannot share standard output: add -o FILE.")
    faces = _faces(options)
    if options.output is None:  # standard output is the report's
        faces[0] = Text(sys.stderr, sys.stderr, quiet=options.quiet, verbose=options.verbose)
    return _carry_out(lambda engine: engine.sign(options.run, options.output), faces).exit_code


def check(options: argparse.Namespace) -> int:
    from migrator.cli_check import CheckTable
    from migrator.config import read_job

    job = read_job(options.job)
    faces = _faces(options)
    if not options.json:
        places = {"source": job.source.place, "destination": job.destination.place}
        faces[0] = CheckTable(faces[0], sys.stdout, places, quiet=options.quiet)
    return _carry_out(lambda engine: engine.check(job), faces).exit_code


def policy(options: argparse.Namespace) -> int:
    from migrator.cli_policy import show_policies
    from migrator.config import read_job

    show_policies(read_job(options.job), as_json=options.json, quiet=options.quiet)
    return 0


def set_keys(options: argparse.Namespace) -> int:
    from migrator import cli_keys

    return cli_keys.set_keys(options)


def test_keys(options: argparse.Namespace) -> int:
    from migrator import cli_keys

    return cli_keys.test_keys(options)


def forget_keys(options: argparse.Namespace) -> int:
    from migrator import cli_keys

    return cli_keys.forget_keys(options)


def why(options: argparse.Namespace) -> int:
    from migrator.overview import show_why

    return show_why(options.run, options.key, as_json=options.json)


def demo(options: argparse.Namespace) -> int:
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


_STOPPING = b"\nStopping after the requests under way; once more to break off.\n"


@contextmanager
def _stop_on_signals(stop: Stop) -> Iterator[None]:
    def handle(number: int, _: object) -> None:
        is_first = not stop.is_asked
        stop.ask(number)
        if is_first:
            # Not `print`: this thread may be in the middle of one, and a stream is not to be entered twice.
            with suppress(OSError, ValueError):
                os.write(sys.stderr.fileno(), _STOPPING)

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
