"""Requests that go wrong on their way to a real server: a run ends honestly, and a rollback puts all back.

Each fault is asserted to have struck. What ended well must be right; what did not must say so.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.compare import listed
from tests.e2e.conftest import Result
from tests.real.conftest import Clouds, Migration, new_migration
from tests.real.looking import descriptions, differences, snapshot
from tests.support.proxy import FaultProxy
from tests.support.proxy_faults import Fault, Kind

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]

EVERY_KIND = pytest.mark.parametrize("versioning", ["", "Enabled"], ids=["unversioned", "versioned"])
NEW, REPLACED, LARGE = "k/new-3", "k/replaced-0", "k/large"
#: One part of the usual size and one of a byte.
LARGE_BYTES = 8 * 1024 * 1024 + 1
#: More than a request is tried.
ALWAYS = 1000
POLL_S = 0.005
COMES_WITHIN_S = 90


@dataclass(frozen=True)
class Case:
    """A fault, in words: `name` says what happens to which request."""

    name: str
    kind: Kind
    method: str
    path: str = ""
    query: str = ""
    times: int = 1

    def __str__(self) -> str:
        return self.name.replace(" ", "-")

    def added_to(self, proxy: FaultProxy) -> Fault:
        return proxy.add(self.kind, self.method, self.path, self.query, times=self.times)


def of(key: str) -> str:
    """The path of one object in any bucket."""
    return f"^/[^/]+/{key}$"


OPEN_UPLOAD, PART, COMPLETE = "^uploads", "partNumber=1", "^uploadId="
LOST_ANSWERS = [
    Case("answer to a PUT dropped", Kind.DROP_ANSWER, "PUT", of(NEW)),
    Case("answer to a replacing PUT dropped", Kind.DROP_ANSWER, "PUT", of(REPLACED)),
    Case("answer to a PUT dropped every time", Kind.DROP_ANSWER, "PUT", of(NEW), times=ALWAYS),
    Case("answer to opening an upload dropped", Kind.DROP_ANSWER, "POST", of(LARGE), OPEN_UPLOAD),
    Case("answer to a part dropped", Kind.DROP_ANSWER, "PUT", of(LARGE), PART),
    Case("answer to a completion dropped", Kind.DROP_ANSWER, "POST", of(LARGE), COMPLETE),
    Case("empty 200 to a completion", Kind.EMPTY_AFTER, "POST", of(LARGE), COMPLETE),
]
DURING_A_RUN = [
    Case("answer to a look dropped", Kind.DROP_ANSWER, "HEAD", of(NEW)),
    Case("body of a PUT cut", Kind.CUT_REQUEST, "PUT", of(NEW)),
    Case("body of a replacing PUT cut", Kind.CUT_REQUEST, "PUT", of(REPLACED)),
    Case("body of a PUT cut every time", Kind.CUT_REQUEST, "PUT", of(REPLACED), times=ALWAYS),
    Case("body of a part cut", Kind.CUT_REQUEST, "PUT", of(LARGE), PART),
    Case("body of a completion cut", Kind.CUT_REQUEST, "POST", of(LARGE), COMPLETE),
    Case("answer to a completion cut", Kind.CUT_ANSWER, "POST", of(LARGE), COMPLETE),
    Case("listing of the destination cut", Kind.CUT_ANSWER, "GET", "^/[^/]+/?$", "list-type"),
    Case("error in the 200 of a PUT that landed", Kind.ERROR_AFTER, "PUT", of(REPLACED)),
    Case("error in the 200 of a completion that landed", Kind.ERROR_AFTER, "POST", of(LARGE), COMPLETE),
    Case("error in the 200 of an upload that is open", Kind.ERROR_AFTER, "POST", of(LARGE), OPEN_UPLOAD),
    Case("error in a 200 instead of a PUT", Kind.ERROR_INSTEAD, "PUT", of(NEW)),
    Case("error in a 200 instead of a part", Kind.ERROR_INSTEAD, "PUT", of(LARGE), PART),
    Case("error in a 200 instead of a completion", Kind.ERROR_INSTEAD, "POST", of(LARGE), COMPLETE),
    Case("empty 200 to every completion", Kind.EMPTY_AFTER, "POST", of(LARGE), COMPLETE, times=ALWAYS),
    Case("empty 200 to opening an upload", Kind.EMPTY_AFTER, "POST", of(LARGE), OPEN_UPLOAD),
    Case("storm of 503", Kind.REFUSE, "PUT", "^/[^/]+/k/", times=40),
    Case("every part refused", Kind.REFUSE, "PUT", of(LARGE), PART, times=ALWAYS),
]
SAVING = r"\.migrator/.*/saved/"
WHILE_SAVING = [
    Case("answer to saving dropped", Kind.DROP_ANSWER, "PUT", SAVING),
    Case("answer to saving cut", Kind.CUT_ANSWER, "PUT", SAVING),
    Case("error in the 200 of a saved copy", Kind.ERROR_AFTER, "PUT", SAVING),
    Case("error in a 200 instead of saving", Kind.ERROR_INSTEAD, "PUT", SAVING),
    Case("error in a 200 instead of saving every time", Kind.ERROR_INSTEAD, "PUT", SAVING, times=ALWAYS),
    Case("empty 200 to saving", Kind.EMPTY_AFTER, "PUT", SAVING),
]
AT_THE_SOURCE = [
    Case("body read at the source cut", Kind.CUT_ANSWER, "GET", of(NEW)),
    Case("every body read at the source cut", Kind.CUT_ANSWER, "GET", of(NEW), times=ALWAYS),
    Case("body of a part cut at the source", Kind.CUT_ANSWER, "GET", of(LARGE)),
    Case("listing of the source cut", Kind.CUT_ANSWER, "GET", "^/[^/]+/?$", "list-type"),
    Case("error in the 200 of a read", Kind.ERROR_INSTEAD, "GET", of(NEW)),
]


def named(value: Any) -> str:
    """Of a case, or of a kind of bucket."""
    return str(value) or "unversioned"


@dataclass
class Scene:
    """A migration whose requests pass a proxy, and how its destination was before."""

    clouds: Clouds
    migration: Migration
    before: dict[str, Any]

    @property
    def after(self) -> dict[str, Any]:
        return snapshot(self.clouds.lyve.client, self.migration.destination)

    def run(self) -> Result:
        return self.migration.cli("run", self.migration.job(), "--json")

    def roll_back(self) -> Result:
        return self.migration.cli("rollback", "latest", "--yes", "--json")

    def must_be_honest(self, result: Result) -> None:
        """The books balance (`summary` sees to that), and a run that ended well has copied everything."""
        assert result.code in {0, 1}, said(result)
        assert result.summary["left"] == 0
        if result.code == 1:
            assert result.summary["failed"] + result.summary["conflicts"] > 0
            return
        aws, lyve = self.clouds.aws.client, self.clouds.lyve.client
        keys = listed(aws, self.migration.source)
        expected = descriptions(aws, self.migration.source, keys)
        assert descriptions(lyve, self.migration.destination, keys) == expected
        assert self.after["uploads"] == []

    def must_go_back(self) -> None:
        result = self.roll_back()
        assert result.code == 0, said(result)
        self.must_be_as_before()

    def must_be_as_before(self) -> None:
        after = self.after
        assert after == self.before, differences(self.before, after)


def said(result: Result) -> str:
    return f"{result.code}: {result.out[-3000:]}{result.err[-1000:]}"


@pytest.fixture(scope="module")
def source(clouds: Clouds) -> str:
    client, bucket = clouds.aws.client, clouds.aws.new_bucket()
    for number in range(6):
        for kind in ("new", "replaced"):
            body = f"{kind} {number} ".encode() * 500
            client.put_object(
                Bucket=bucket,
                Key=f"k/{kind}-{number}",
                Body=body,
                Metadata={"n": str(number)},
                Tagging="n=1" if number == 3 else "",
            )
    client.put_object(Bucket=bucket, Key=LARGE, Body=os.urandom(LARGE_BYTES))
    return bucket


@pytest.fixture
def destination(clouds: Clouds, versioning: str) -> str:
    client, bucket = clouds.lyve.client, clouds.lyve.new_bucket(versioning)
    for number in range(6):
        client.put_object(
            Bucket=bucket,
            Key=f"k/replaced-{number}",
            Body=f"old {number}".encode(),
            Metadata={"was": "here"},
            Tagging="old=1",
            ContentType="text/old",
        )
    client.put_object(Bucket=bucket, Key="theirs", Body=b"was here before")
    return bucket


@pytest.fixture
def proxy(clouds: Clouds) -> Iterator[FaultProxy]:
    """In front of the destination."""
    with FaultProxy(clouds.lyve.url) as proxy:
        yield proxy


@pytest.fixture
def scene(clouds: Clouds, source: str, destination: str, proxy: FaultProxy, tmp_path: Path) -> Scene:
    before = snapshot(clouds.lyve.client, destination)
    return Scene(clouds, new_migration(clouds, tmp_path, source, destination, proxy.url), before)


@pytest.mark.parametrize(
    ("case", "versioning"),
    [
        *((case, kind) for case in LOST_ANSWERS for kind in ("", "Enabled")),
        *((case, ("", "Enabled")[number % 2]) for number, case in enumerate(DURING_A_RUN)),
    ],
    ids=named,
)
def test_a_fault_during_a_run(scene: Scene, proxy: FaultProxy, case: Case, versioning: str) -> None:
    fault = case.added_to(proxy)
    result = scene.run()
    assert fault.struck
    scene.must_be_honest(result)
    proxy.clear()
    scene.must_go_back()


@pytest.mark.parametrize("versioning", [""], ids=["unversioned"])
@pytest.mark.parametrize("case", WHILE_SAVING, ids=str)
def test_a_fault_while_old_content_is_kept_aside(
    scene: Scene, proxy: FaultProxy, case: Case, versioning: str
) -> None:
    test_a_fault_during_a_run(scene, proxy, case, versioning)


@pytest.mark.parametrize("versioning", ["Enabled"], ids=["versioned"])
@pytest.mark.parametrize("case", AT_THE_SOURCE, ids=str)
def test_a_fault_at_the_source(
    clouds: Clouds, source: str, destination: str, case: Case, versioning: str, tmp_path: Path
) -> None:
    before = snapshot(clouds.lyve.client, destination)
    with FaultProxy(clouds.aws.url) as proxy:
        through = Clouds(replace(clouds.aws, url=proxy.url), clouds.lyve)
        scene = Scene(clouds, new_migration(through, tmp_path, source, destination), before)
        fault = case.added_to(proxy)
        result = scene.run()
        assert fault.struck
        scene.must_be_honest(result)
        proxy.clear()
        scene.must_go_back()


@pytest.mark.parametrize("versioning", [""], ids=["unversioned"])
def test_an_empty_listing_that_is_none_stops_the_run_before_it_writes(
    clouds: Clouds, source: str, destination: str, versioning: str, tmp_path: Path
) -> None:
    """It would look like a source without objects."""
    before = snapshot(clouds.lyve.client, destination)
    with FaultProxy(clouds.aws.url) as proxy:
        through = Clouds(replace(clouds.aws, url=proxy.url), clouds.lyve)
        scene = Scene(clouds, new_migration(through, tmp_path, source, destination), before)
        fault = proxy.add(Kind.EMPTY_AFTER, "GET", "^/[^/]+/?$", "list-type")
        result = scene.run()
    assert fault.struck
    assert (result.code, result.summary["outcome"]) == (3, "refused")
    scene.must_be_as_before()


DURING_A_ROLLBACK = [
    Case("answer to removing dropped", Kind.DROP_ANSWER, "DELETE", of(NEW)),
    Case("answer to removing dropped every time", Kind.DROP_ANSWER, "DELETE", of(NEW), times=ALWAYS),
    Case("answer to restoring dropped", Kind.DROP_ANSWER, "PUT", of(REPLACED)),
    Case("answer to restoring dropped every time", Kind.DROP_ANSWER, "PUT", of(REPLACED), times=ALWAYS),
    Case("error in the 200 of what was restored", Kind.ERROR_AFTER, "PUT", of(REPLACED)),
    Case("error in a 200 instead of restoring", Kind.ERROR_INSTEAD, "PUT", of(REPLACED), times=ALWAYS),
    Case("error in a 200 instead of removing", Kind.ERROR_INSTEAD, "DELETE", of(NEW), times=ALWAYS),
    Case("error in a 200 instead of removing saved copies", Kind.ERROR_INSTEAD, "DELETE", SAVING),
    Case("answer to a look dropped", Kind.DROP_ANSWER, "HEAD", of(REPLACED)),
    Case("storm of 503", Kind.REFUSE, "", "^/[^/]+/k/", times=40),
]
#: Where versions go in batches.
IN_BATCHES = [
    Case("answer to a batch dropped", Kind.DROP_ANSWER, "POST", query="^delete"),
    Case("answer to a batch cut", Kind.CUT_ANSWER, "POST", query="^delete"),
    Case("body of a batch cut", Kind.CUT_REQUEST, "POST", query="^delete"),
    Case("error in the 200 of a batch that was carried out", Kind.ERROR_AFTER, "POST", query="^delete"),
    Case("error in a 200 instead of a batch", Kind.ERROR_INSTEAD, "POST", query="^delete", times=ALWAYS),
    Case("empty 200 to a batch", Kind.EMPTY_AFTER, "POST", query="^delete"),
]


@pytest.mark.parametrize(
    ("case", "versioning"),
    [*((case, "") for case in DURING_A_ROLLBACK), *((case, "Enabled") for case in IN_BATCHES)],
    ids=named,
)
def test_a_fault_during_a_rollback(scene: Scene, proxy: FaultProxy, case: Case, versioning: str) -> None:
    """It either ends with everything back, or says that it has not; the next one ends well."""
    assert scene.run().code == 0
    fault = case.added_to(proxy)
    result = scene.roll_back()
    assert fault.struck
    assert result.code in {0, 4, 5}, said(result)
    if result.code == 0:
        scene.must_be_as_before()
    proxy.clear()
    scene.must_go_back()


def killed_when(fault: Fault, migration: Migration) -> Path:
    """Start a run and kill -9 it once the fault has struck. Returns its journal."""
    process = migration.cli.start("run", migration.job())
    try:
        fault.wait(patience_s=COMES_WITHIN_S)
        assert process.poll() is None
    finally:
        process.kill()
        process.communicate()
    return next(migration.runs.glob("*/journal.sqlite"))


def wait_for_undo(journal: Path, key: str, undo: str, rollback: subprocess.Popen[str]) -> None:
    """Until the journal says that of an object. AssertionError where the rollback ends before."""
    deadline = time.monotonic() + COMES_WITHIN_S
    with closing(sqlite3.connect(f"{journal.as_uri()}?mode=ro", uri=True, timeout=5)) as database:
        query = "SELECT undo FROM objects WHERE key = ?"
        while database.execute(query, (key.encode(),)).fetchone() != (undo,):
            assert rollback.poll() is None, "the rollback was faster"
            assert time.monotonic() < deadline, f"{key} is not {undo}"
            time.sleep(POLL_S)


@EVERY_KIND
@pytest.mark.parametrize("key", [NEW, REPLACED])
def test_a_write_that_lands_while_the_rollback_settles_goes_too(
    scene: Scene, proxy: FaultProxy, key: str, versioning: str
) -> None:
    """The run dies with a PUT under way, which reaches the server after rollback has looked at its key."""
    fault = held(proxy, key, times=ALWAYS)
    migration = scene.migration
    journal = killed_when(fault, migration)
    proxy.clear()
    rollback = migration.cli.start("rollback", "latest", "--yes", "--json")
    try:
        wait_for_undo(journal, key, "rb-done", rollback)
        assert fault.held[0].deliver() == 200
    except BaseException:
        rollback.kill()
        rollback.communicate()
        raise
    result = migration.cli.finish(rollback)
    assert result.code == 0, said(result)
    scene.must_be_as_before()


def held(proxy: FaultProxy, key: str, *, times: int) -> Fault:
    """Hold the PUTs of a key."""
    return proxy.add(Kind.HOLD, "PUT", of(key), times=times)


@EVERY_KIND
def test_a_completion_that_comes_after_the_rollback_finds_nothing(
    scene: Scene, proxy: FaultProxy, versioning: str
) -> None:
    """Aborting is the fence: the parts are gone when it arrives."""
    fault = proxy.add(Kind.HOLD, "POST", of(LARGE), COMPLETE, times=ALWAYS)
    killed_when(fault, scene.migration)
    proxy.clear()
    scene.must_go_back()
    assert fault.held[0].deliver() in {404, 500}  # Ceph says 500
    scene.must_be_as_before()


@EVERY_KIND
def test_a_write_that_lands_after_the_rollback_goes_with_the_next_one(
    scene: Scene, proxy: FaultProxy, versioning: str
) -> None:
    fault = proxy.add(Kind.HOLD, "PUT", of(NEW), times=ALWAYS)
    killed_when(fault, scene.migration)
    proxy.clear()
    scene.must_go_back()
    assert fault.held[0].deliver() == 200
    assert NEW in scene.after["keys"]
    scene.must_go_back()


@EVERY_KIND
@pytest.mark.parametrize("key", [NEW, REPLACED])
def test_a_write_that_lands_after_the_run_goes_too(
    scene: Scene, proxy: FaultProxy, key: str, versioning: str
) -> None:
    """The first PUT got lost on its way, the second was answered, and then the first comes as well."""
    fault = held(proxy, key, times=1)
    result = scene.run()
    assert fault.struck == 1
    scene.must_be_honest(result)
    has_landed = fault.held[0].deliver() == 200
    # Over an object of ours: refused where the condition is that there is none.
    assert has_landed or key == NEW
    scene.must_go_back()
