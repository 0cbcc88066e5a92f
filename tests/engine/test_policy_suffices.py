"""The policies that are printed are enough for whole lives of migrations, and hold nothing unused."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from migrator.cli import run_command_line
from migrator.errors import Rejected
from migrator.model.ledger import Outcome
from migrator.model.objects import RESERVED_PREFIX
from migrator.model.policy import policies
from migrator.store.base import ObjectStore, Versioning
from migrator.store.memory import Quirks
from tests.support.policed import Policed, allowed_by
from tests.support.world import FROM, PART, TO, World

ENDS = pytest.mark.parametrize(
    ("source", "destination"), [("aws", "lyve"), ("lyve", "aws"), ("s3", "s3")], ids=["to", "from", "s3"]
)
VERSIONING = pytest.mark.parametrize("versioning", [Versioning.OFF, Versioning.ENABLED, Versioning.SUSPENDED])


def end_of(provider: str, bucket: str, prefix: str = "") -> dict[str, Any]:
    end = {"provider": provider, "bucket": bucket, "prefix": prefix, "credentials": "env"}
    if provider == "aws":
        return {**end, "region": "us-east-1"}
    return {**end, "endpoint_url": f"https://s3.us-west-1.{bucket}.lyve.seagate.com"}


def policed(world: World, source: str, destination: str, *prefixes: str, **settings: Any) -> World:
    """A world whose keys may do what the job's own policies say."""
    source_prefix, destination_prefix = prefixes or ("", "")
    world.table["source"] = end_of(source, FROM, source_prefix)
    world.table["destination"] = end_of(destination, TO, destination_prefix)
    for section, fields in settings.items():
        world.set(section, **fields)
    read, write = policies(world.job.needs)
    world.source = Policed(world.source, allowed_by(read.document))
    world.destination = Policed(world.destination, allowed_by(write.document))
    return world


def refuse_to_complete_once(world: World) -> None:
    """The first upload is refused at its very end: it has to be aborted."""

    complete = world.destination.complete_upload

    def refuse(bucket: str, key: str, *which: Any, **how: Any) -> Any:
        if key.startswith(RESERVED_PREFIX):
            return complete(bucket, key, *which, **how)
        del world.destination.complete_upload
        raise Rejected("not now", code="InvalidPart", operation="CompleteMultipartUpload", status=400)

    world.destination.complete_upload = refuse


def lead_a_life(world: World, prefix: str = "") -> None:
    """Run, fail, resume, verify, change, run again, roll both back, run, accept."""
    for n in range(4):
        world.seed(f"{prefix}tagged {n}", b"small", tags={"a": str(n)}, metadata={"m": "x"})
    world.seed(f"{prefix}large", b"x" * (PART * 5 // 2), tags={"large": "yes"})
    world.seed(f"{prefix}empty", b"")
    refuse_to_complete_once(world)
    assert world.run().exit_code == 1
    assert world.resume().exit_code == 0
    assert world.verify(read_back=True).exit_code == 0
    world.seed(f"{prefix}tagged 1", b"newer", tags={"a": "new"})
    second = world.run()
    assert second.outcome is Outcome.COMPLETED, second
    assert world.rollback().exit_code == 0
    assert world.rollback(first_run(world), even_last_copy=True).exit_code == 0
    third = world.run()
    assert third.outcome is Outcome.COMPLETED, third
    assert world.accept().exit_code == 0


def first_run(world: World) -> str:
    return min(each.name for each in (world.root / "runs").iterdir())


@pytest.mark.usefixtures("small_parts")
@VERSIONING
@ENDS
def test_they_are_enough_for_a_whole_life(
    new_world: Callable[..., World], source: str, destination: str, versioning: Versioning
) -> None:
    world = policed(new_world(versioning=versioning), source, destination)
    lead_a_life(world)


@pytest.mark.usefixtures("small_parts")
@VERSIONING
def test_they_are_enough_with_prefixes(new_world: Callable[..., World], versioning: Versioning) -> None:
    world = policed(new_world(versioning=versioning), "aws", "aws", "20*4/", "copies/")
    lead_a_life(world, "20*4/")


@pytest.mark.usefixtures("small_parts")
def test_without_tags_they_are_enough_to_replace_and_bring_back_what_has_tags(
    new_world: Callable[..., World],
) -> None:
    world = policed(new_world(), "aws", "aws", carry={"tags": False}, transfer={"existing": "overwrite"})
    world.seed("a", b"ours")
    world.put_there("a", b"theirs", tags={"keep": "me"})
    assert world.run().exit_code == 0
    assert world.rollback().exit_code == 0
    assert world.destination_cloud.tags(TO, "a") == {"keep": "me"}


def test_where_nothing_is_replaced_and_no_tags_are_carried_no_right_on_tags_is_needed(
    new_world: Callable[..., World],
) -> None:
    world = policed(new_world(), "aws", "aws", carry={"tags": False}, transfer={"existing": "refuse"})
    world.seed("a", b"first")
    assert world.run().exit_code == 0
    assert not any("Tagging" in action for action in world.source.used)
    assert world.rollback().exit_code == 0


def test_what_an_earlier_run_wrote_is_replaced_and_brought_back_without_tags(
    new_world: Callable[..., World],
) -> None:
    world = policed(new_world(), "aws", "aws", carry={"tags": False})
    world.seed("a", b"first")
    assert world.run().exit_code == 0
    world.seed("a", b"second")
    assert world.run().exit_code == 0
    assert world.rollback().exit_code == 0
    assert world.there == {"a": b"first"}


def test_they_are_enough_to_make_the_bucket_and_to_remove_it_again(new_world: Callable[..., World]) -> None:
    world = new_world()
    world.destination_cloud.delete_bucket(TO)
    policed(world, "aws", "aws")
    world.table["destination"]["create_bucket"] = True
    _, write = policies(world.job.needs)
    world.destination.allows = allowed_by(write.document)
    world.seed("a")
    assert world.run().exit_code == 0
    assert world.rollback().exit_code == 0
    assert TO not in [name for name, _ in world.destination_cloud.buckets()]


def test_they_are_enough_for_whole_histories(new_world: Callable[..., World]) -> None:
    world = new_world()
    world.source_cloud.set_versioning(FROM, Versioning.ENABLED)
    world.destination_cloud.delete_bucket(TO)
    policed(world, "aws", "aws", carry={"versions": "all"})
    world.table["destination"]["create_bucket"] = True
    _, write = policies(world.job.needs)
    world.destination.allows = allowed_by(write.document)
    for body in b"first", b"second":
        world.seed("a", body, tags={"is": body.decode()})
    world.seed("gone", b"x")
    world.source_cloud.delete(FROM, "gone")
    assert world.run().exit_code == 0
    assert world.verify(read_back=True).exit_code == 0
    assert world.rollback().exit_code == 0
    assert TO not in [name for name, _ in world.destination_cloud.buckets()]


@pytest.mark.parametrize("locks", ["at-once", "after-verify"])
def test_they_are_enough_to_carry_locks(new_world: Callable[..., World], locks: str) -> None:
    world = new_world(versioning=Versioning.ENABLED)
    world.source_cloud.set_versioning(FROM, Versioning.ENABLED)
    for cloud, bucket in (world.source_cloud, FROM), (world.destination_cloud, TO):
        cloud.set_lock(bucket)
    policed(world, "aws", "aws", carry={"locks": locks})
    world.seed("a", b"locked")
    world.source_cloud.hold(FROM, "a")
    assert world.run().exit_code == 0
    assert world.accept().exit_code == 0
    assert world.destination_cloud.head(TO, "a").lock.hold


def test_the_judge_of_these_tests_knows_every_request_of_a_store() -> None:
    """A method that it does not know would be allowed."""
    methods = {name for name in vars(ObjectStore) if not name.startswith("_")}
    assert methods - set(vars(Policed)) == {"end"}


#: What a life on buckets without locks does not use: locks and ACLs are told of where there are some.
UNSEEN = {
    "s3:GetObjectAcl",
    "s3:GetObjectRetention",
    "s3:GetObjectLegalHold",
    "s3:GetBucketObjectLockConfiguration",
}


@pytest.mark.usefixtures("small_parts")
def test_no_right_is_asked_for_that_is_never_used(new_world: Callable[..., World]) -> None:
    used_to_read: set[str] = set()
    used_to_write: set[str] = set()
    for versioning in Versioning.OFF, Versioning.ENABLED, Versioning.SUSPENDED:
        forgets_tags = Quirks(drops_tags_of_uploads=True)
        world = policed(new_world(versioning=versioning, quirks=forgets_tags), "aws", "aws")
        if versioning is not Versioning.OFF:
            world.source_cloud.set_versioning(FROM, versioning)
        lead_a_life(world)
        used_to_read |= world.source.used
        used_to_write |= world.destination.used
    read, write = policies(world.job.needs)
    for policy, used in (read, used_to_read), (write, used_to_write):
        granted = {
            action
            for statement in policy.document["Statement"]
            if not statement["Sid"].endswith("OnlyForCheck")
            for action in statement["Action"]
        }
        assert granted - used - UNSEEN == set()


@pytest.fixture
def job_file(tmp_path: Any, world: World) -> Any:
    from migrator.job_file import job_text

    path = tmp_path / "photos.toml"
    path.write_text(job_text(world.table), encoding="utf-8")
    return path


def test_each_policy_stands_under_a_heading_and_can_be_pasted(
    job_file: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command_line(["policy", str(job_file)]) == 0
    out, err = capsys.readouterr()
    _, first, second = out.split("# ")
    assert first.startswith(f"Source: read only. For the keys of AWS {FROM}/\n")
    assert second.startswith(f"Destination: write and undo. For the keys of Lyve Cloud {TO}/\n")
    for text in first, second:
        assert json.loads(text.partition("\n")[2])["Statement"]
    assert "IAM > Policies" in err
    assert "Lyve Cloud console" in err


def test_for_scripts_there_is_a_line_for_each_end(job_file: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(["policy", str(job_file), "--json"]) == 0
    out, err = capsys.readouterr()
    lines = [json.loads(line) for line in out.splitlines()]
    assert [(each["event"], each["end"], each["provider"], each["bucket"]) for each in lines] == [
        ("policy", "source", "aws", FROM),
        ("policy", "destination", "lyve", TO),
    ]
    assert all(each["policy"]["Statement"] and each["notes"] and each["time"] for each in lines)
    assert err == ""


def test_neither_keys_nor_network_are_needed(
    job_file: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for side in ("SOURCE", "DESTINATION"):
        monkeypatch.delenv(f"MIGRATOR_{side}_ACCESS_KEY_ID")
    monkeypatch.setattr("migrator.credentials.resolve", None)
    monkeypatch.setattr("migrator.engine.ends.open_s3", None)
    assert run_command_line(["policy", str(job_file), "--quiet"]) == 0
    assert capsys.readouterr().err == ""
