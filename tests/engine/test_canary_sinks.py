"""Each place where text leaves the program masks secrets by itself: others may be gone, or never asked."""

from __future__ import annotations

import io
import json
import logging
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from migrator import redacting
from migrator.config import End, Transfer
from migrator.console import JsonLines, LogFile
from migrator.credentials import AwsChain, Keys
from migrator.demo.s3server import S3Server
from migrator.engine.ends import open_s3
from migrator.engine.log import RunLog, save_log
from migrator.engine.outcomes import describe
from migrator.engine.remote import EngineProcess
from migrator.engine.report import save_report
from migrator.engine.service import EngineService
from migrator.errors import Rejected
from migrator.model.events import (
    Event,
    ObjectCopied,
    ObjectFailed,
    PlanRows,
    Summary,
    UnfinishedFound,
    Warned,
)
from migrator.model.past_runs import RunsListed
from migrator.redacting import RedactingStream, learn, redacted
from migrator.store.memory import MemoryCloud
from tests.engine.test_runs import crash
from tests.support.canary import SECRETS, SOURCE_SECRET, SOURCE_TOKEN, must_be_clean, spellings
from tests.support.faulty import Fault, Faulty
from tests.support.world import StillClock, World

GOSSIP = " ".join(spellings())
NAMES = "SECRET_ACCESS_KEY", "SESSION_TOKEN"


@pytest.fixture(autouse=True)
def only_these_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redacting, "_known", {})
    monkeypatch.setattr(redacting, "_forms", ())
    learn(*SECRETS)


EVENTS = (
    Warned("code", GOSSIP),
    ObjectFailed("key", 1, "cause", GOSSIP),
    ObjectCopied(SOURCE_SECRET, 1, "size"),
)


def test_the_log_of_a_run(tmp_path: Path) -> None:
    log = RunLog(tmp_path / "run.log", StillClock())
    for event in EVENTS:
        log.write(event)
    log.close()
    text = (tmp_path / "run.log").read_text()
    must_be_clean("run.log", text)
    assert [json.loads(line)["event"] for line in text.splitlines()] == [
        "warned",
        "object-failed",
        "object-copied",
    ]


def test_a_log_of_a_run_that_is_saved_elsewhere(world: World, tmp_path: Path) -> None:
    """What was no secret to the program when it wrote the log may be one to who saves it."""
    redacting._known, redacting._forms = {}, ()
    world.seed(f"{SOURCE_SECRET}/1")
    world.run()
    assert SOURCE_SECRET in world.directory.log.read_text()
    learn(*SECRETS)
    assert save_log(world.directory, tmp_path / "saved.log") > 1
    text = (tmp_path / "saved.log").read_text()
    must_be_clean("a saved log", text)
    assert "***/1" in text


def test_the_log_file_that_was_asked_for(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "file.log")
    for event in EVENTS:
        log.show(event)
    log._file.close()
    must_be_clean("--log-file", (tmp_path / "file.log").read_text())


def test_a_standard_stream() -> None:
    below = io.BytesIO()
    under = io.TextIOWrapper(below, encoding="utf-8")
    stream = RedactingStream(under)
    face = JsonLines(stream)
    for event in EVENTS:
        face.show(event)
    assert stream.write(GOSSIP) == len(GOSSIP)
    stream.writelines([GOSSIP, "\n"])
    print(GOSSIP, file=stream, flush=True)
    must_be_clean("the stream", below.getvalue())
    assert below.getvalue().count(b"***") > 10


@pytest.mark.parametrize("error", [RuntimeError(GOSSIP), Rejected(GOSSIP, code=SOURCE_TOKEN, advice=GOSSIP)])
def test_what_the_journal_keeps_of_an_error(error: Exception) -> None:
    for text in describe(error):
        must_be_clean("the journal", text)


def test_reports_of_objects_that_are_named_like_a_secret(world: World, tmp_path: Path) -> None:
    """Keys are data and copied exactly; what people hand around is masked all the same."""
    world.seed(f"{SOURCE_SECRET}/1")
    world.seed("2")
    world.set("filters", exclude=["2"])
    end = world.run()
    assert end.exit_code == 0
    assert f"{SOURCE_SECRET}/1" in world.there
    for kind in ("html", "json", "csv"):
        path = tmp_path / f"report.{kind}"
        written = save_report(world.directory, kind, path)
        must_be_clean(kind, path.read_text())
        assert len(written.sha256) == 64


def test_a_defect_within_a_run_leaves_no_secret_in_its_records(world: World) -> None:
    def burn(*_: object) -> None:
        raise RuntimeError(GOSSIP)

    world.seed("a")
    world.seed("b")
    world.destination = Faulty(world.destination, Fault("PutObject", before=burn, key="a", times=None))
    end = world.run()
    assert end.exit_code == 1
    for path in world.directory.path.iterdir():
        must_be_clean(path.name, path.read_bytes())
    with sqlite3.connect(world.directory.journal) as journal:
        assert any("***" in str(row) for row in journal.execute("SELECT message FROM objects"))
    journal.close()


# -- what the window is told ----------------------------------------------------------------------


@pytest.mark.usefixtures("inline")
def test_no_event_for_the_window_holds_a_secret(world: World) -> None:
    """Neither of a run, nor of what is looked up beside it: keys and names may hold a secret."""
    redacting._known, redacting._forms = {}, ()
    world.table["name"] = f"moved with {SOURCE_TOKEN}"
    world.seed(f"{SOURCE_SECRET}/1")
    world.seed("2")
    crash(world, world.run, ObjectCopied)
    learn(*SECRETS)
    world.table["name"] = "again"
    world.seed(f"{SOURCE_SECRET}/3")
    service, told = EngineService(world.root, world._open), []

    def until(kind: type[Event]) -> None:
        told.append(service.events.get(timeout=60))
        while not isinstance(told[-1], kind):
            told.append(service.events.get(timeout=60))

    service.find_unfinished()
    until(UnfinishedFound)
    service.list_runs()
    until(RunsListed)
    service.plan(world.table, {})
    until(Summary)
    service.find_in_plan("", "")
    until(PlanRows)
    service.resume("latest")
    until(Summary)
    service.start(world.table, {})
    until(Summary)

    def burn(_: object) -> None:
        raise RuntimeError(GOSSIP)

    service._begin("burn", burn)
    until(Summary)
    assert service.close(60)
    assert {ObjectCopied, PlanRows, RunsListed, UnfinishedFound, Warned} <= {type(each) for each in told}
    for event in told:
        must_be_clean(type(event).__name__, repr(event))
    for kind in (ObjectCopied, PlanRows, RunsListed, UnfinishedFound, Warned):
        assert any("***" in repr(each) for each in told if type(each) is kind), f"{kind} told nothing of it"


def test_a_defect_of_the_windows_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    names = [f"MIGRATOR_{side}_{name}" for side in ("SOURCE", "DESTINATION") for name in NAMES]
    for name, secret in zip(names, SECRETS, strict=True):
        monkeypatch.setenv(name, secret)
    engine = EngineProcess(tmp_path)
    engine._tell(GOSSIP)  # it has no such method
    assert engine.close(60)
    said = capfd.readouterr().err
    assert "AttributeError" in said
    assert "***" in said
    must_be_clean("standard error of the engine's process", said)


# -- what the SDK finds and says ------------------------------------------------------------------


@pytest.fixture
def service() -> Iterator[S3Server]:
    cloud = MemoryCloud()
    cloud.create_bucket("photos")
    cloud.seed("photos", "a", b"body")
    with S3Server(cloud, {"AKIACANARY": SOURCE_SECRET}) as server:
        yield server


def end_of(server: S3Server) -> End:
    return End(provider="aws", bucket="photos", region="us-east-1", endpoint_url=server.url)


def test_keys_of_a_profile_are_learned_when_they_are_used(
    service: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    redacting._known, redacting._forms = {}, ()
    file = tmp_path / "credentials"
    file.write_text(
        f"[work]\naws_access_key_id = AKIACANARY\naws_secret_access_key = {SOURCE_SECRET}\n"
        f"aws_session_token = {SOURCE_TOKEN}\n"
    )
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    store = open_s3(end_of(service), AwsChain("work"), Transfer(threads=1))
    try:
        assert len(store.list_page("photos", "").objects) == 1
    finally:
        store.close()
    assert redacted(f"{SOURCE_SECRET} {SOURCE_TOKEN}") == "*** ***"


@pytest.mark.parametrize("plane", ["auto", "boto3"])
def test_nobody_logs_below_warnings_whatever_is_asked_for(
    service: S3Server, plane: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The SDK's DEBUG lines hold tokens, signatures and metadata."""
    with caplog.at_level(logging.DEBUG):
        how = Transfer(threads=1, data_plane=plane)  # type: ignore[arg-type]
        store = open_s3(end_of(service), Keys("AKIACANARY", SOURCE_SECRET, SOURCE_TOKEN), how)
        try:
            store.list_page("photos", "")
            store.head("photos", "a")
            store.tags("photos", "a")
        finally:
            store.close()
    must_be_clean("the log", caplog.text)
    assert "botocore" not in caplog.text
    assert "AWS4-HMAC" not in caplog.text
