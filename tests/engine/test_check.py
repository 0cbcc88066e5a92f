"""`check`: every right is proven by trying, every missing one is named, and no probe is left."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from migrator.errors import NotSupported, Rejected, Unreachable
from migrator.model.events import Summary
from migrator.model.findings import CheckFound, Found
from migrator.model.ledger import Outcome
from migrator.model.policy import policies
from migrator.model.rights import destination_rights
from migrator.model.settings import LifecycleRule, ReplicationRule
from migrator.store.base import Versioning
from migrator.store.memory import AWS, CEPH, LYVE, Quirks
from tests.support.faulty import Faulty, fails, meanwhile
from tests.support.policed import Policed, allowed_by, everything_but
from tests.support.world import FROM, TO, StillClock, World

VERSIONING = pytest.mark.parametrize("versioning", [Versioning.OFF, Versioning.ENABLED, Versioning.SUSPENDED])


@pytest.fixture
def fresh(new_world: Callable[..., World]) -> Callable[..., World]:
    """A world whose services go by its clock, with something to copy."""

    def make(**how: Any) -> World:
        world = new_world(clock=StillClock(), **how)
        world.table["destination"] |= {"provider": "aws", "region": "us-east-1", "endpoint_url": ""}
        world.seed("first", b"body", tags={"a": "b"})
        return world

    return make


def check(world: World) -> Summary:
    world.forget_events()
    return world.engine().check(world.job)


def found(world: World, **wanted: str) -> list[CheckFound]:
    return [
        each
        for each in world.of(CheckFound)
        if all(getattr(each, name) == value for name, value in wanted.items())
    ]


def missing(world: World) -> list[tuple[str, str]]:
    return [(each.end, each.action) for each in found(world, verdict="missing")]


def codes(world: World, end: str = "destination") -> dict[str, Found]:
    return {each.code: each.verdict for each in found(world, end=end) if each.topic != "right"}


def everything(world: World) -> Any:
    """All that either cloud holds, versions, markers and open uploads too."""
    return [
        (cloud.list_versions(bucket), cloud.list_uploads(bucket))
        for cloud, bucket in ((world.source_cloud, FROM), (world.destination_cloud, TO))
    ]


def nothing_stays(world: World) -> Callable[[], None]:
    before = everything(world)

    def look() -> None:
        assert everything(world) == before

    return look


@VERSIONING
@pytest.mark.parametrize("quirks", [AWS, LYVE, CEPH], ids=["aws", "lyve", "ceph"])
def test_with_all_rights_nothing_is_missing_and_nothing_stays(
    fresh: Callable[..., World], versioning: Versioning, quirks: Quirks
) -> None:
    world = fresh(versioning=versioning, quirks=quirks)
    look = nothing_stays(world)
    end = check(world)
    assert (end.outcome, end.exit_code) == (Outcome.CHECKED, 0), end
    assert missing(world) == []
    assert {each.verdict for each in found(world, topic="right")} == {Found.OK}
    look()
    assert not (world.root / "runs").exists()


@VERSIONING
def test_with_the_printed_policies_everything_is_there(
    fresh: Callable[..., World], versioning: Versioning
) -> None:
    world = fresh(versioning=versioning)
    world.source_cloud.set_versioning(FROM, Versioning.ENABLED)
    read, write = policies(world.job.needs)
    world.source = Policed(world.source, allowed_by(read.document))
    world.destination = Policed(world.destination, allowed_by(write.document))
    assert check(world).exit_code == 0
    assert {each.verdict for each in found(world, topic="right")} == {Found.OK}
    assert found(world, verdict="unknown") == []


#: What a whole life needs at the destination, by whether the bucket keeps versions.
ALWAYS = {
    "s3:ListBucket",
    "s3:GetBucketVersioning",
    "s3:GetBucketObjectLockConfiguration",
    "s3:ListBucketMultipartUploads",
    "s3:PutObject",
    "s3:GetObject",
    "s3:DeleteObject",
    "s3:AbortMultipartUpload",
    "s3:ListMultipartUploadParts",
    "s3:GetObjectTagging",
    "s3:PutObjectTagging",
}
WITH_VERSIONS = {
    "s3:ListBucketVersions",
    "s3:GetObjectVersion",
    "s3:DeleteObjectVersion",
    "s3:GetObjectVersionTagging",
    "s3:PutObjectVersionTagging",
}


@pytest.mark.parametrize(
    ("versioning", "action"),
    [
        *((Versioning.OFF, action) for action in sorted(ALWAYS)),
        *((Versioning.ENABLED, action) for action in sorted(ALWAYS | WITH_VERSIONS)),
        *((Versioning.SUSPENDED, action) for action in sorted(WITH_VERSIONS)),
    ],
)
def test_a_right_taken_away_at_the_destination_is_named_and_no_probe_is_left(
    fresh: Callable[..., World], versioning: Versioning, action: str
) -> None:
    world = fresh(versioning=versioning)
    world.destination = Policed(world.destination, everything_but(action))
    look = nothing_stays(world)
    end = check(world)
    assert (end.outcome, end.exit_code) == (Outcome.REFUSED, 3)
    assert missing(world) == [("destination", action)]
    assert action in end.message
    assert action in end.advice
    look()


def test_all_rights_are_tried_that_the_policy_names(fresh: Callable[..., World]) -> None:
    world = fresh(versioning=Versioning.ENABLED)
    granted = {right.action for right in destination_rights(world.job.needs) if not right.only_check}
    assert granted == ALWAYS | WITH_VERSIONS | {"s3:GetObjectRetention", "s3:GetObjectLegalHold"}


@pytest.mark.parametrize(
    ("versioning", "action"),
    [
        (Versioning.OFF, "s3:ListBucket"),
        (Versioning.OFF, "s3:GetObject"),
        (Versioning.OFF, "s3:GetObjectTagging"),
        (Versioning.ENABLED, "s3:GetObjectVersionTagging"),
    ],
)
def test_a_right_taken_away_at_the_source_is_named_and_nothing_is_written(
    fresh: Callable[..., World], versioning: Versioning, action: str
) -> None:
    world = fresh()
    if versioning is not Versioning.OFF:
        world.source_cloud.set_versioning(FROM, versioning)
        world.seed("first", b"body")
    world.source = Policed(world.source, everything_but(action))
    assert check(world).exit_code == 3
    assert missing(world) == [("source", action)]
    writes = {"PutObject", "CreateMultipartUpload", "CopyObject", "CompleteMultipartUpload"}
    assert not [call for call in world.destination.calls if call[0] in writes - {"PutObject"}]


@pytest.mark.parametrize("versioning", [Versioning.OFF, Versioning.ENABLED])
@pytest.mark.parametrize("action", ["s3:GetObject", "s3:GetObjectTagging", "s3:PutObject"])
def test_what_is_denied_only_where_an_object_is_is_found_too(
    fresh: Callable[..., World], action: str, versioning: Versioning
) -> None:
    """Ceph answers that an object is not there before it looks at rights."""
    world = fresh(versioning=versioning)
    inner = world.destination
    world.destination = Policed(inner, everything_but(action))
    world.destination._need = _only_where_it_exists(world.destination, inner)
    look = nothing_stays(world)
    assert check(world).exit_code == 3
    assert missing(world) == [("destination", action)]
    look()


def _only_where_it_exists(policed: Policed, inner: Any) -> Any:
    need = type(policed)._need

    def judge(operation: str, action: str, bucket: str, key: str | None = None, **context: str) -> None:
        if key is None or operation == "PutObject" or key in inner.cloud.contents(bucket):
            need(policed, operation, action, bucket, key, **context)

    return judge


@pytest.mark.parametrize("cloud", ["source", "destination"])
def test_a_setting_that_may_not_be_read_is_unknown_and_stops_nothing(
    fresh: Callable[..., World], cloud: str
) -> None:
    world = fresh()
    settings = {
        "s3:GetLifecycleConfiguration",
        "s3:GetReplicationConfiguration",
        "s3:GetBucketNotification",
        "s3:GetEncryptionConfiguration",
    }
    if cloud == "source":
        settings = {"s3:GetBucketVersioning", "s3:GetObjectAcl", "s3:GetBucketObjectLockConfiguration"}
    setattr(world, cloud, Policed(getattr(world, cloud), everything_but(*settings)))
    assert check(world).exit_code == 0
    assert {each.action for each in found(world, verdict="unknown")} == settings
    assert all(each.advice for each in found(world, verdict="unknown"))


def test_an_empty_source_leaves_its_rights_untried(fresh: Callable[..., World]) -> None:
    world = fresh()
    world.source_cloud.delete(FROM, "first")
    assert check(world).exit_code == 0
    untried = {each.what for each in found(world, verdict="not-tried", end="source")}
    assert {"s3:GetObject", "s3:GetObjectTagging"} <= untried


def test_rights_are_proven_on_an_object_that_the_job_would_copy(fresh: Callable[..., World]) -> None:
    world = fresh().set("filters", include=["*.jpg"])
    world.source_cloud.seed(FROM, "a.jpg", b"cold", storage_class="GLACIER")
    world.seed("z.jpg", b"")
    assert check(world).exit_code == 0
    read = {key for operation, _, key in world.source.calls if operation == "GetObject"}
    assert read == {"z.jpg"}
    assert codes(world, "source")["archived"] is Found.WARNING


def test_the_source_is_only_read(fresh: Callable[..., World]) -> None:
    world = fresh()
    check(world)
    assert all(operation.startswith(("Get", "Head", "List")) for operation, _, _ in world.source.calls)


def test_where_everything_is_locked_nothing_is_written(fresh: Callable[..., World]) -> None:
    world = fresh(versioning=Versioning.ENABLED)
    world.destination_cloud.set_lock(TO, mode="COMPLIANCE", days=1)
    assert check(world).exit_code == 0
    assert all(operation.startswith(("Get", "Head", "List")) for operation, _, _ in world.destination.calls)
    assert codes(world)["lock-default"] is Found.WARNING
    verdicts = {each.what: each.verdict for each in found(world, topic="right", end="destination")}
    assert verdicts["s3:PutObject"] is Found.UNKNOWN
    assert verdicts["s3:ListBucket"] is Found.OK


def test_where_nobody_may_know_about_locks_nothing_is_written(fresh: Callable[..., World]) -> None:
    world = fresh()
    world.destination = Policed(world.destination, everything_but("s3:GetBucketObjectLockConfiguration"))
    assert check(world).exit_code == 3
    assert all(operation.startswith(("Get", "Head", "List")) for operation, _, _ in world.destination.calls)
    assert codes(world)["lock-unknown"] is Found.UNKNOWN


def test_a_bucket_that_the_run_will_make_is_not_made(fresh: Callable[..., World]) -> None:
    world = fresh()
    world.destination_cloud.delete_bucket(TO)
    world.table["destination"]["create_bucket"] = True
    assert check(world).exit_code == 0
    assert world.destination_cloud.buckets() == []
    assert "bucket-absent" in codes(world)
    assert {each.verdict for each in found(world, topic="right", end="destination")} == {Found.NOT_TRIED}


@pytest.mark.parametrize("side", ["source", "destination"])
def test_a_bucket_that_is_not_there_is_the_users_to_mend(fresh: Callable[..., World], side: str) -> None:
    world = fresh()
    world.table[side]["bucket"] = FROM if side == "source" else TO
    cloud, bucket = (world.source_cloud, FROM) if side == "source" else (world.destination_cloud, TO)
    if side == "source":
        cloud.delete(bucket, "first")
    cloud.delete_bucket(bucket)
    assert check(world).exit_code == 2


def test_an_end_that_does_not_answer_is_refused(fresh: Callable[..., World]) -> None:
    world = fresh()
    world.destination = Faulty(
        world.destination, fails("ListObjectsV2", Unreachable("nobody there", code="UnknownHost"))
    )
    assert check(world).exit_code == 3


def test_an_end_that_falls_silent_leaves_its_probes_named(fresh: Callable[..., World]) -> None:
    world = fresh()
    gone = Unreachable("gone")
    silent = frozenset({"GetObject", "DeleteObject", "HeadObject"})
    world.destination = Faulty(world.destination, fails(silent, gone, nth=4, times=None, reserved=True))
    assert check(world).exit_code == 3
    left = {each.what for each in found(world, code="probe-left")}
    assert left >= set(world.destination_cloud.contents(TO)) != set()


@pytest.mark.parametrize("nth", range(1, 12, 2))
def test_whoever_stops_it_leaves_no_probe(fresh: Callable[..., World], nth: int) -> None:
    world = fresh(versioning=Versioning.ENABLED)
    look = nothing_stays(world)
    stop = meanwhile(
        frozenset({"PutObject", "CreateMultipartUpload", "UploadPart", "CopyObject"}),
        lambda: world.ports.stop.ask(),
        nth=nth,
        reserved=True,
    )
    world.destination = Faulty(world.destination, stop)
    end = check(world)
    assert stop.struck
    assert (end.outcome, end.exit_code) == (Outcome.STOPPED, 130)
    look()


@pytest.mark.parametrize(
    ("quirks", "missing"),
    [
        (LYVE, {"put-if-absent"}),
        (Quirks(ignores_if_match=True), {"put-if-match"}),
        (CEPH, {"delete-if-match", "checks-crc32"}),
        (Quirks(refuses_copy=True), {"copies"}),
        (Quirks(ignores_checksums=True), {"checks-crc32"}),
    ],
)
def test_what_is_not_honoured_is_a_warning(
    fresh: Callable[..., World], quirks: Quirks, missing: set[str]
) -> None:
    world = fresh(quirks=quirks)
    assert check(world).exit_code == 0
    assert {code for code, verdict in codes(world).items() if verdict is Found.WARNING} == missing


class Careless:
    """A service that does something else with what it is given."""

    def __init__(self, inner: Any, how: str) -> None:
        self.inner = inner
        self._how = how

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def put(self, bucket: str, key: str, body: Any, properties: Any, *, md5: bytes, **more: Any) -> Any:
        if self._how == "frames":
            body = b"%x;chunk-signature=0\r\n%b\r\n0\r\n" % (len(body), body)
        if self._how == "frames" or self._how == "checks nothing":
            from hashlib import md5 as digest

            md5 = digest(body).digest()
        return self.inner.put(bucket, key, body, properties, md5=md5, **more)

    def put_tags(self, bucket: str, key: str, tags: Any, **more: Any) -> None:
        self.inner.put_tags(bucket, key, {} if self._how == "drops tags" else tags, **more)

    def list_uploads(self, bucket: str, prefix: str) -> Any:
        if self._how == "lists exact keys":
            return [each for each in self.inner.list_uploads(bucket, prefix) if each.key == prefix]
        return self.inner.list_uploads(bucket, prefix)


@pytest.mark.parametrize(
    ("how", "code", "verdict", "exit_code"),
    [
        ("frames", "keeps-bytes", Found.MISSING, 3),
        ("checks nothing", "refuses-wrong-md5", Found.WARNING, 0),
        ("drops tags", "keeps-tags", Found.WARNING, 0),
        ("lists exact keys", "lists-uploads", Found.WARNING, 0),
    ],
)
def test_what_is_stored_wrongly_is_noticed(
    fresh: Callable[..., World], how: str, code: str, verdict: Found, exit_code: int
) -> None:
    world = fresh()
    world.destination = Careless(world.destination, how)
    look = nothing_stays(world)
    assert check(world).exit_code == exit_code
    assert codes(world)[code] is verdict
    look()


def test_a_service_that_does_not_list_versions_is_no_missing_right(fresh: Callable[..., World]) -> None:
    world = fresh(versioning=Versioning.ENABLED)
    unknown = NotSupported("not implemented", code="NotImplemented", status=501)
    world.destination = Faulty(
        world.destination, fails("ListObjectVersions", unknown, times=None, reserved=True)
    )
    assert check(world).exit_code == 0
    [version_listing] = found(world, what="s3:ListBucketVersions")
    assert (version_listing.verdict, version_listing.code) == (Found.UNKNOWN, "right-not-known")


def test_an_answer_that_proves_nothing_is_no_proof(fresh: Callable[..., World]) -> None:
    world = fresh()
    odd = Rejected("what?", code="Teapot", status=400)
    world.destination = Faulty(world.destination, fails("GetObjectTagging", odd, times=None, reserved=True))
    assert check(world).exit_code == 0
    [tagging] = found(world, what="s3:GetObjectTagging", end="destination")
    assert (tagging.verdict, tagging.code) == (Found.UNKNOWN, "right-odd")


def test_a_bucket_that_cannot_keep_what_the_job_carries_is_refused(fresh: Callable[..., World]) -> None:
    world = fresh().set("carry", versions="all", locks="at-once")
    assert check(world).exit_code == 3
    assert codes(world)["versions-cannot"] is Found.MISSING
    assert codes(world)["lock-cannot"] is Found.MISSING
    world.set("carry", accept=["locks", "old-versions"])
    assert check(world).exit_code == 0


@pytest.mark.parametrize(
    "action",
    ["s3:PutObjectRetention", "s3:PutObjectLegalHold", "s3:GetObjectRetention", "s3:GetObjectLegalHold"],
)
def test_rights_on_locks_are_proven_where_locks_are_carried(fresh: Callable[..., World], action: str) -> None:
    world = fresh(versioning=Versioning.ENABLED).set("carry", locks="after-verify")
    world.source_cloud.set_versioning(FROM, Versioning.ENABLED)
    for cloud, bucket in (world.source_cloud, FROM), (world.destination_cloud, TO):
        cloud.set_lock(bucket)
    side = "destination" if ":Put" in action else "source"
    setattr(world, side, Policed(getattr(world, side), everything_but(action)))
    look = nothing_stays(world)
    assert check(world).exit_code == 3
    assert missing(world) == [(side, action)]
    look()


@pytest.mark.parametrize("action", ["s3:ListBucketVersions", "s3:GetObjectVersion", "s3:GetBucketVersioning"])
def test_rights_on_versions_of_the_source_are_proven_where_all_are_carried(
    fresh: Callable[..., World], action: str
) -> None:
    world = fresh(versioning=Versioning.ENABLED).set("carry", versions="all")
    world.source_cloud.set_versioning(FROM, Versioning.ENABLED)
    world.seed("first", b"newer")
    world.source = Policed(world.source, everything_but(action))
    assert check(world).exit_code == 3
    assert missing(world) == [("source", action)]


@pytest.mark.parametrize(
    ("carry", "verdict"),
    [
        ({"storage_class": "STANDARD_IA"}, Found.OK),
        ({"encryption": "AES256"}, Found.OK),
        ({"storage_class": "GLACIER_IR"}, Found.MISSING),
    ],
)
def test_how_the_job_wants_objects_kept_is_tried(
    fresh: Callable[..., World], carry: dict[str, str], verdict: Found
) -> None:
    world = fresh().set("carry", **carry)
    if verdict is Found.MISSING:
        refuse = fails(
            "PutObject", Rejected("no such class", code="InvalidStorageClass"), times=None, reserved=True
        )
        refuse.strikes = lambda call: (  # type: ignore[method-assign]
            call.operation == "PutObject" and bool(call.args[3].storage_class)
        )
        world.destination = Faulty(world.destination, refuse)
    assert check(world).exit_code == (3 if verdict is Found.MISSING else 0)
    assert codes(world)["keeps-as-asked"] is verdict


RULES = {
    "lifecycle-expires": LifecycleRule("r", expires=True),
    "lifecycle-expires-saved": LifecycleRule("r", ".migrator/", expires=True),
    "lifecycle-archives": LifecycleRule("r", "copies/2024/", archives=True),
}


@pytest.mark.parametrize("code", RULES)
def test_rules_that_would_take_copies_away_are_told(fresh: Callable[..., World], code: str) -> None:
    world = fresh()
    world.table["destination"]["prefix"] = "copies/"
    world.destination_cloud.set_rules(TO, lifecycle=(RULES[code],))
    assert check(world).exit_code == 0
    assert codes(world)[code] is Found.WARNING


def test_old_versions_that_go_by_themselves_matter_only_where_there_are_versions(
    fresh: Callable[..., World],
) -> None:
    for versioning in Versioning.OFF, Versioning.ENABLED:
        world = fresh(versioning=versioning)
        world.destination_cloud.set_rules(TO, lifecycle=(LifecycleRule("old", expires_old=True),))
        check(world)
        assert ("lifecycle-expires-old" in codes(world)) is (versioning is Versioning.ENABLED)


def test_rules_for_other_keys_are_none_of_ours(fresh: Callable[..., World]) -> None:
    world = fresh()
    world.table["destination"]["prefix"] = "copies/"
    world.destination_cloud.set_rules(
        TO,
        lifecycle=(LifecycleRule("r", "logs/", expires=True),),
        replication=(ReplicationRule("r", "logs/"),),
    )
    check(world)
    assert codes(world)["lifecycle-none"] is Found.OK
    assert codes(world)["replication-none"] is Found.OK


def test_what_copies_set_off_is_told(fresh: Callable[..., World]) -> None:
    world = fresh()
    world.destination_cloud.set_rules(
        TO,
        replication=(ReplicationRule("to the other site"),),
        notifications=("SQS", "Lambda"),
        encryption="aws:kms",
    )
    assert check(world).exit_code == 0
    for code in "replication-on", "notifications-on", "encryption-kms":
        assert codes(world)[code] is Found.WARNING
    [receivers] = found(world, code="notifications-on")
    assert receivers.what == "SQS, Lambda"


def test_clocks_that_differ_are_told(fresh: Callable[..., World]) -> None:
    world = fresh()
    assert check(world).exit_code == 0
    assert codes(world)["clock-right"] is Found.OK
    world.destination.server_time = lambda bucket: world.clock.wall() + timedelta(minutes=5)
    assert check(world).exit_code == 0
    assert codes(world)["clock-wrong"] is Found.WARNING
    [skew] = found(world, code="clock-wrong")
    assert skew.what == "300 s"


def test_a_prefix_and_a_filter_do_not_move_the_probes(fresh: Callable[..., World]) -> None:
    world = fresh()
    world.table["destination"]["prefix"] = "copies/"
    check(world)
    written = {key for operation, _, key in world.destination.calls if operation == "PutObject"}
    assert written
    assert all(key.startswith(".migrator/") for key in written)
