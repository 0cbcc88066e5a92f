"""What the S3 store makes of a bucket's settings over HTTP, and of services that do not know the question."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from migrator.demo import routes
from migrator.demo.s3server import S3Server
from migrator.errors import AccessDenied, NotSupported
from migrator.model.settings import LifecycleRule, ReplicationRule
from migrator.store.memory import MemoryCloud
from migrator.store.s3 import S3Store
from tests.store.keepers import ACCESS_KEY, SECRET, store_of

BUCKET = "settings"
KEY = "aws:kms:arn:aws:kms:us-east-1:111122223333:key/1234abcd"
QUESTIONS = ["lifecycle", "replication", "notifications", "default_encryption"]


@pytest.fixture
def cloud() -> MemoryCloud:
    cloud = MemoryCloud()
    cloud.create_bucket(BUCKET)
    return cloud


@pytest.fixture
def store(cloud: MemoryCloud) -> Iterator[S3Store]:
    with S3Server(cloud, {ACCESS_KEY: SECRET}) as server:
        store = store_of(server.url)
        yield store
        store.close()


def test_rules_of_the_life_cycle(store: S3Store, cloud: MemoryCloud) -> None:
    rules = (
        LifecycleRule("all goes", expires=True),
        LifecycleRule("old goes", "copies/", expires_old=True, aborts=True),
        LifecycleRule("some", "copies/", is_narrowed=True, archives=True),
    )
    cloud.set_rules(BUCKET, lifecycle=rules)
    assert store.lifecycle(BUCKET) == rules


def test_rules_of_replication_and_receivers_of_events(store: S3Store, cloud: MemoryCloud) -> None:
    cloud.set_rules(
        BUCKET, replication=(ReplicationRule("to us", "copies/"),), notifications=("SNS", "SQS", "Lambda")
    )
    assert store.replication(BUCKET) == (ReplicationRule("to us", "copies/"),)
    assert store.notifications(BUCKET) == ("SNS", "SQS", "Lambda")


@pytest.mark.parametrize("default", ["AES256", "aws:kms", KEY])
def test_the_default_encryption(store: S3Store, cloud: MemoryCloud, default: str) -> None:
    cloud.set_rules(BUCKET, encryption=default)
    assert store.default_encryption(BUCKET) == default


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_listing_in_answer_to_a_question_is_no_answer(
    store: S3Store, question: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    listing = routes._CALLS["ListObjectsV2"]
    for name in routes._CALLS:
        if name.startswith("GetBucket"):
            monkeypatch.setitem(routes._CALLS, name, listing)  # type: ignore[arg-type]
    with pytest.raises(NotSupported):
        getattr(store, question)(BUCKET)


@pytest.mark.parametrize("question", QUESTIONS)
def test_an_end_that_says_it_does_not_know(
    store: S3Store, question: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in list(routes._CALLS):
        if name.startswith("GetBucket"):
            monkeypatch.delitem(routes._CALLS, name)  # type: ignore[arg-type]
    with pytest.raises(NotSupported):
        getattr(store, question)(BUCKET)


def test_a_denied_setting_names_its_action(
    store: S3Store, cloud: MemoryCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deny(bucket: str) -> None:
        raise AccessDenied("Access Denied", code="AccessDenied", status=403)

    monkeypatch.setattr(cloud, "rules_of", deny)
    actions = []
    for question in QUESTIONS:
        with pytest.raises(AccessDenied) as caught:
            getattr(store, question)(BUCKET)
        actions.append(caught.value.advice.rpartition(" ")[2].rstrip("."))
    assert actions == [
        "s3:GetLifecycleConfiguration",
        "s3:GetReplicationConfiguration",
        "s3:GetBucketNotification",
        "s3:GetEncryptionConfiguration",
    ]


def test_the_clock_is_told_also_where_the_bucket_is_refused(store: S3Store) -> None:
    assert store.server_time("not-there-at-all") is not None
