"""Which rights a job needs at each of its ends: exactly those that the engine's requests use.

`policy` prints them as documents, `check` proves them one by one. A right that is not here is not asked for
and not used: none to change ACLs, none around locks (`BypassGovernanceRetention`), none to change a bucket
that the job did not make.
Names of actions: AWS, "Actions, resources, and condition keys for Amazon S3".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Scope(StrEnum):
    """What a right is held on: the bucket itself, its objects, or the key of an encryption service."""

    BUCKET = "bucket"
    OBJECTS = "objects"
    KEY = "key"


@dataclass(frozen=True, slots=True)
class Right:
    """One action. `only_check`: runs do without it, `check` reads a setting of the bucket with it."""

    action: str
    scope: Scope
    only_check: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """One end, as far as rights depend on it."""

    provider: str
    bucket: str
    prefix: str = ""
    region: str = ""
    create_bucket: bool = False
    requester_pays: bool = False


@dataclass(frozen=True, slots=True)
class Needs:
    """What of a job decides about rights.

    `replaces`: a run may write over what is there, be it only what an earlier run wrote. `reads_locks`,
    `reads_grants`: the locks and the ACLs of source objects are told of. `writes_locks`: locks are carried.
    `kms_key`: the ARN that copies are encrypted with, empty for none.
    """

    source: Place
    destination: Place
    tags: bool = True
    all_versions: bool = False
    replaces: bool = True
    reads_locks: bool = True
    reads_grants: bool = True
    writes_locks: bool = False
    kms_key: str = ""


#: Settings of the destination's bucket that can work against copies, or that copies set off.
SETTINGS = (
    "s3:GetLifecycleConfiguration",
    "s3:GetReplicationConfiguration",
    "s3:GetBucketNotification",
    "s3:GetEncryptionConfiguration",
)


def source_rights(needs: Needs) -> tuple[Right, ...]:
    """What is needed where is only read."""
    return tuple(_source(needs))


def destination_rights(needs: Needs) -> tuple[Right, ...]:
    """What is needed to write, to look at what was written, and to undo it."""
    return tuple(_destination(needs))


def _source(needs: Needs) -> Iterator[Right]:
    yield Right("s3:ListBucket", Scope.BUCKET)
    if needs.all_versions:
        yield Right("s3:ListBucketVersions", Scope.BUCKET)
    yield Right("s3:GetBucketVersioning", Scope.BUCKET, only_check=not needs.all_versions)
    if needs.reads_locks:
        yield Right("s3:GetBucketObjectLockConfiguration", Scope.BUCKET)
    yield Right("s3:GetObject", Scope.OBJECTS)
    if needs.all_versions:
        yield Right("s3:GetObjectVersion", Scope.OBJECTS)
    if needs.tags:
        # The second one where the bucket keeps versions: tags are asked for by the version that was read.
        yield Right("s3:GetObjectTagging", Scope.OBJECTS)
        yield Right("s3:GetObjectVersionTagging", Scope.OBJECTS)
    if needs.reads_locks:
        # Without these two a HEAD leaves locks out, as if there were none.
        yield Right("s3:GetObjectRetention", Scope.OBJECTS)
        yield Right("s3:GetObjectLegalHold", Scope.OBJECTS)
    if needs.reads_grants and needs.source.provider != "lyve":
        yield Right("s3:GetObjectAcl", Scope.OBJECTS)  # Lyve Cloud has no ACLs on objects


def _destination(needs: Needs) -> Iterator[Right]:
    for action in (
        "s3:ListBucket",
        "s3:ListBucketVersions",
        "s3:GetBucketVersioning",
        "s3:GetBucketObjectLockConfiguration",
        "s3:ListBucketMultipartUploads",
    ):
        yield Right(action, Scope.BUCKET)
    if needs.destination.create_bucket:
        yield Right("s3:CreateBucket", Scope.BUCKET)
        yield Right("s3:DeleteBucket", Scope.BUCKET)
        if needs.all_versions:
            yield Right("s3:PutBucketVersioning", Scope.BUCKET)
    for action in SETTINGS:
        yield Right(action, Scope.BUCKET, only_check=True)
    for action in (
        "s3:PutObject",
        "s3:GetObject",
        "s3:GetObjectVersion",
        "s3:GetObjectRetention",
        "s3:GetObjectLegalHold",
        "s3:DeleteObject",
        "s3:DeleteObjectVersion",
        "s3:AbortMultipartUpload",
        "s3:ListMultipartUploadParts",
    ):
        yield Right(action, Scope.OBJECTS)
    if needs.tags or needs.replaces:
        # What is replaced is kept aside with its tags, be there any or not.
        yield Right("s3:GetObjectTagging", Scope.OBJECTS)
        yield Right("s3:GetObjectVersionTagging", Scope.OBJECTS)
        yield Right("s3:PutObjectTagging", Scope.OBJECTS)
        yield Right("s3:PutObjectVersionTagging", Scope.OBJECTS)
    if needs.writes_locks:
        yield Right("s3:PutObjectRetention", Scope.OBJECTS)
        yield Right("s3:PutObjectLegalHold", Scope.OBJECTS)
    if needs.kms_key:
        yield Right("kms:GenerateDataKey", Scope.KEY)
        yield Right("kms:Decrypt", Scope.KEY)
