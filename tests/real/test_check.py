"""`check` and `policy` against real Ceph: a second user who may do only what a bucket policy says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from migrator.model.rights import SETTINGS, Needs, Place, destination_rights
from tests.e2e.compare import described, listed
from tests.real.conftest import Cloud, Clouds, Migration, new_migration
from tests.store.keepers import client_of

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]

#: The second users of the clouds, as bucket policies name them.
GUESTS = {"aws": "arn:aws:iam:::user/a2", "lyve": "arn:aws:iam:::user/b2"}
NEEDS = Needs(Place("s3", "from"), Place("s3", "to"))
#: Ceph 16 refuses policies that name this one, and answers its question with a listing.
UNKNOWN_TO_CEPH = {"s3:GetEncryptionConfiguration"}
#: Only a bucket's owner may ask.
OWNERS_ONLY = {"s3:GetBucketNotification"}
#: Looked at only in buckets that lock.
NOT_ASKED_FOR = {"s3:GetObjectRetention", "s3:GetObjectLegalHold"}

OF_VERSIONS = [
    "s3:DeleteObjectVersion",
    "s3:GetObjectVersion",
    "s3:GetObjectVersionTagging",
    "s3:ListBucketVersions",
    "s3:PutObjectVersionTagging",
]
OF_ALL = [
    right.action
    for right in destination_rights(NEEDS)
    if right.action not in {*UNKNOWN_TO_CEPH, *OWNERS_ONLY, *NOT_ASKED_FOR, *OF_VERSIONS}
]
OF_THE_SOURCE = ["s3:ListBucket", "s3:GetObject", "s3:GetObjectTagging"]


def let(cloud: Cloud, role: str, bucket: str, *statements: Mapping[str, Any]) -> None:
    """Let the second user do what these statements say."""
    guest = {"Principal": {"AWS": [GUESTS[role]]}}
    document = {"Version": "2012-10-17", "Statement": [{**each, **guest} for each in statements]}
    cloud.client.put_bucket_policy(Bucket=bucket, Policy=json.dumps(document))


def statement(effect: str, bucket: str, actions: list[str]) -> dict[str, Any]:
    resources = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    return {"Effect": effect, "Action": actions, "Resource": resources}


def as_guest(migration: Migration, *sides: str) -> Path:
    """The job, with the second user's keys at these ends."""
    path = migration.job()
    clouds = {"SOURCE": migration.clouds.aws, "DESTINATION": migration.clouds.lyve}
    for side in sides:
        access, secret = clouds[side].denied
        migration.cli.environment[f"MIGRATOR_{side}_ACCESS_KEY_ID"] = access
        migration.cli.environment[f"MIGRATOR_{side}_SECRET_ACCESS_KEY"] = secret
    return path


def everything(cloud: Cloud, bucket: str) -> tuple[Any, Any, Any]:
    """All versions, markers and open uploads."""
    listed = cloud.client.list_object_versions(Bucket=bucket)
    uploads = cloud.client.list_multipart_uploads(Bucket=bucket)
    return listed.get("Versions", []), listed.get("DeleteMarkers", []), uploads.get("Uploads", [])


def seed(cloud: Cloud, bucket: str) -> None:
    client = cloud.client
    client.put_object(Bucket=bucket, Key="a/small", Body=b"of a user", Tagging="kind=small")
    client.put_object(Bucket=bucket, Key="b/large", Body=b"x" * (8 * 1024 * 1024 + 1))
    client.put_object(Bucket=bucket, Key="c/empty", Body=b"")


def known(actions: list[str]) -> list[str]:
    return [action for action in actions if action not in UNKNOWN_TO_CEPH]


def granted(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A policy's statements as a bucket policy of Ceph can have them: the same actions and resources."""
    return [
        {"Effect": "Allow", "Action": known(each["Action"]), "Resource": each["Resource"]}
        for each in document["Statement"]
        if known(each["Action"])
    ]


@pytest.mark.parametrize(
    ("versioning", "action"),
    [*(("", action) for action in OF_ALL), *(("Enabled", action) for action in OF_VERSIONS)],
)
def test_each_right_that_is_denied_at_the_destination_is_named(
    clouds: Clouds, tmp_path: Path, versioning: str, action: str
) -> None:
    source, destination = clouds.aws.new_bucket(), clouds.lyve.new_bucket(versioning)
    seed(clouds.aws, source)
    everything_else = [each for each in OF_ALL + OF_VERSIONS if each != action]
    let(
        clouds.lyve,
        "lyve",
        destination,
        statement("Allow", destination, everything_else),
        statement("Deny", destination, [action]),
    )
    migration = new_migration(clouds, tmp_path, source, destination)
    before = everything(clouds.lyve, destination)
    result = migration.cli("check", as_guest(migration, "DESTINATION"), "--json")
    verdict = "unknown" if action in SETTINGS else "missing"
    named = [each.get("action") for each in result.named("check-found") if each["verdict"] == verdict]
    assert action in named
    if action not in SETTINGS:
        assert named == [action]
    assert result.code == (0 if action in SETTINGS else 3)
    assert everything(clouds.lyve, destination) == before


@pytest.mark.parametrize("action", OF_THE_SOURCE)
def test_each_right_that_is_denied_at_the_source_is_named(
    clouds: Clouds, tmp_path: Path, action: str
) -> None:
    source, destination = clouds.aws.new_bucket(), clouds.lyve.new_bucket()
    seed(clouds.aws, source)
    others = [each for each in OF_THE_SOURCE if each != action]
    let(
        clouds.aws,
        "aws",
        source,
        statement("Allow", source, others),
        statement("Deny", source, [action]),
    )
    migration = new_migration(clouds, tmp_path, source, destination)
    result = migration.cli("check", as_guest(migration, "SOURCE"), "--json")
    named = [each.get("action") for each in result.named("check-found") if each["verdict"] == "missing"]
    assert (named, result.code) == ([action], 3)
    assert everything(clouds.lyve, destination) == ([], [], [])


@pytest.mark.parametrize("versioning", ["", "Enabled"], ids=["unversioned", "versioned"])
def test_with_the_printed_policies_the_whole_job_works(
    clouds: Clouds, tmp_path: Path, versioning: str
) -> None:
    source, destination = clouds.aws.new_bucket(versioning), clouds.lyve.new_bucket(versioning)
    seed(clouds.aws, source)
    migration = new_migration(clouds, tmp_path, source, destination)
    job = as_guest(migration, "SOURCE", "DESTINATION")
    # Written by the owner of the bucket, not by the keys that replace it.
    clouds.lyve.client.put_object(Bucket=destination, Key="a/small", Body=b"before", Tagging="keep=me")
    before = {"a/small": b"before"}

    printed = migration.cli("policy", job, "--json")
    assert printed.code == 0, printed.err
    for each, cloud, role in zip(printed.events, (clouds.aws, clouds.lyve), ("aws", "lyve"), strict=True):
        let(cloud, role, each["bucket"], *granted(each["policy"]))

    checked = migration.cli("check", job, "--json")
    assert checked.code == 0, [each for each in checked.events if each.get("verdict") == "missing"]
    ran = migration.cli("run", job, "--json")
    assert ran.code == 0, ran.out
    # What the second user wrote is its own: on Ceph not even the owner of the bucket may read it.
    guest = client_of(clouds.lyve.url, *clouds.lyve.denied)
    for key in listed(clouds.aws.client, source):
        expected = described(clouds.aws.client, source, key)
        assert described(guest, destination, key) == expected, key
    verified = migration.cli("verify", "latest", "--read-back", "--json")
    assert verified.code == 0, verified.out
    undone = migration.cli("rollback", "latest", "--yes", "--json")
    assert undone.code == 0, undone.out
    there = guest.list_objects_v2(Bucket=destination).get("Contents", [])
    assert {each["Key"]: _body(guest, destination, each["Key"]) for each in there} == before
    tags = guest.get_object_tagging(Bucket=destination, Key="a/small")["TagSet"]
    assert tags == [{"Key": "keep", "Value": "me"}]


def _body(client: Any, bucket: str, key: str) -> bytes:
    body: bytes = client.get_object(Bucket=bucket, Key=key)["Body"].read()
    return body
