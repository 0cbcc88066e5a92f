"""When an ETag speaks about bytes: by table."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from migrator.engine.digests import SourceDigests
from migrator.model.objects import ObjectHead

RIGHT, OTHER = "a" * 32, "b" * 32


def head(etag: str, encryption: str = "") -> ObjectHead:
    return ObjectHead(1, etag, datetime.now(UTC), encryption=encryption)


@pytest.mark.parametrize(
    ("etag", "encryption", "is_aws", "agrees"),
    [
        (RIGHT, "", True, True),
        (OTHER, "", True, False),
        (OTHER, "AES256", True, False),
        (OTHER, "aws:kms:key", True, True),  # under a key of KMS no ETag is a digest
        (f"{OTHER}-2", "", True, True),
        (OTHER, "", False, True),  # an opaque value, for all that is known
    ],
)
def test_what_contradicts_the_bytes(etag: str, encryption: str, is_aws: bool, agrees: bool) -> None:
    assert SourceDigests("bucket", is_aws=is_aws).agree(head(etag, encryption), RIGHT) is agrees


def test_one_that_agrees_speaks_for_its_kind() -> None:
    digests = SourceDigests("bucket", is_aws=False)
    assert digests.agree(head(RIGHT), RIGHT)
    assert not digests.agree(head(OTHER), RIGHT)
    assert digests.agree(head(OTHER, "AES256"), RIGHT)


def test_directory_buckets_have_etags_of_their_own() -> None:
    assert SourceDigests("name--use1-az4--x-s3", is_aws=True).agree(head(OTHER), RIGHT)
