"""The contract: parts that come with their CRC32."""

from __future__ import annotations

from dataclasses import replace

import pytest

from migrator.errors import DigestMismatch, StoreError
from migrator.model.checksums import crc32_of
from migrator.model.objects import UploadedPart
from migrator.store.base import ObjectStore
from tests.store import abilities
from tests.store.contract_help import PLAIN, keys_of, needs, read_all


def send(store: ObjectStore, bucket: str, upload_id: str, number: int, body: bytes) -> UploadedPart:
    return store.upload_part(bucket, "key", upload_id, number, body, crc32=crc32_of(body))


class TestChecksums:
    def test_an_object_is_made_of_parts_with_checksums(
        self, store: ObjectStore, bucket: str, part_bytes: int
    ) -> None:
        """Also where an end does not know what to do with them."""
        upload_id = store.create_upload(bucket, "key", PLAIN, has_crc32=True)
        bodies = [b"a" * part_bytes, b"b" * 5]
        sent = [send(store, bucket, upload_id, number, body) for number, body in enumerate(bodies, 1)]
        assert [part.crc32 for part in sent] == [crc32_of(body) for body in bodies]
        store.complete_upload(bucket, "key", upload_id, sent)
        assert read_all(store, bucket, "key") == b"".join(bodies)

    @needs(abilities.KEEPS_CRC32)
    def test_they_are_listed(self, store: ObjectStore, bucket: str) -> None:
        upload_id = store.create_upload(bucket, "key", PLAIN, has_crc32=True)
        sent = [send(store, bucket, upload_id, number, b"%d" % number) for number in (1, 2)]
        assert store.list_parts(bucket, "key", upload_id) == sent

    @needs(abilities.CHECKS_CRC32)
    def test_a_part_that_is_another_is_refused(self, store: ObjectStore, bucket: str) -> None:
        upload_id = store.create_upload(bucket, "key", PLAIN, has_crc32=True)
        with pytest.raises(DigestMismatch):
            store.upload_part(bucket, "key", upload_id, 1, b"damaged", crc32=crc32_of(b"sent"))
        assert store.list_parts(bucket, "key", upload_id) == []

    @needs(abilities.KEEPS_CRC32)
    def test_no_object_is_made_of_another_part(self, store: ObjectStore, bucket: str) -> None:
        upload_id = store.create_upload(bucket, "key", PLAIN, has_crc32=True)
        part = send(store, bucket, upload_id, 1, b"sent")
        other = replace(part, crc32=crc32_of(b"other"))
        with pytest.raises(StoreError):
            store.complete_upload(bucket, "key", upload_id, [other])
        assert keys_of(store, bucket) == []
        store.complete_upload(bucket, "key", upload_id, [part])
        assert read_all(store, bucket, "key") == b"sent"

    def test_uploads_without_are_as_ever(self, store: ObjectStore, bucket: str) -> None:
        upload_id = store.create_upload(bucket, "key", PLAIN)
        part = store.upload_part(bucket, "key", upload_id, 1, b"", md5=bytes.fromhex(EMPTY_MD5))
        assert part.crc32 == ""
        assert store.list_parts(bucket, "key", upload_id) == [part]


EMPTY_MD5 = "d41d8cd98f00b204e9800998ecf8427e"
