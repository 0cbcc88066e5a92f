"""The contract: conditional writes and multipart uploads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import md5

import pytest

from migrator.errors import DigestMismatch, NotFound, PreconditionFailed, Rejected
from migrator.model.objects import UploadedPart
from migrator.store.base import IF_ABSENT, Condition, ObjectStore
from tests.store import abilities
from tests.store.contract_help import (
    BODY,
    HOSTILE_KEYS,
    NOT_XML,
    PLAIN,
    PLAIN_XML,
    RICH,
    keys_of,
    needs,
    read_all,
    send_part,
    upload,
)
from tests.store.keepers import put


class TestConditions:
    @needs(abilities.IF_ABSENT)
    def test_if_absent_protects_what_is_there(self, store: ObjectStore, bucket: str) -> None:
        def write(body: bytes) -> None:
            store.put(bucket, "key", body, PLAIN, md5=md5(body).digest(), condition=IF_ABSENT)

        write(b"first")
        with pytest.raises(PreconditionFailed):
            write(b"second")
        assert read_all(store, bucket, "key") == b"first"
        store.delete(bucket, "key")
        write(b"third")
        assert read_all(store, bucket, "key") == b"third"

    def test_if_match_replaces_only_that(self, store: ObjectStore, bucket: str) -> None:
        etag = put(store, bucket, "key", b"first")

        def write(body: bytes) -> None:
            condition = Condition(etag=etag)
            store.put(bucket, "key", body, PLAIN, md5=md5(body).digest(), condition=condition)

        write(b"second")
        with pytest.raises(PreconditionFailed):
            write(b"third")
        assert read_all(store, bucket, "key") == b"second"

    @needs(abilities.IF_ABSENT)
    def test_uploads_can_be_conditional(self, store: ObjectStore, bucket: str) -> None:
        upload_id = store.create_upload(bucket, "key", PLAIN)
        part = send_part(store, bucket, "key", upload_id, 1, b"ours")
        put(store, bucket, "key", b"theirs")
        with pytest.raises(PreconditionFailed):
            store.complete_upload(bucket, "key", upload_id, [part], condition=IF_ABSENT)
        assert read_all(store, bucket, "key") == b"theirs"


def opened(store: ObjectStore, bucket: str, prefix: str) -> list[tuple[str, str]]:
    """Keys and ids of the open uploads, all of them opened within the last minutes."""
    found = store.list_uploads(bucket, prefix)
    now = datetime.now(UTC)
    assert all(abs(now - upload.initiated) < timedelta(minutes=5) for upload in found)
    return [(upload.key, upload.upload_id) for upload in found]


class TestUploads:
    @pytest.fixture
    def parts(self, part_bytes: int) -> list[bytes]:
        """The last one small."""
        return [b"a" * part_bytes, b"b" * part_bytes, b"c" * 5]

    def test_parts_may_come_in_any_order(self, store: ObjectStore, bucket: str, parts: list[bytes]) -> None:
        upload_id = store.create_upload(bucket, "key", replace(RICH, tags={}))
        sent = {n: send_part(store, bucket, "key", upload_id, n, parts[n - 1]) for n in (3, 1, 2)}
        assert keys_of(store, bucket) == []
        assert opened(store, bucket, "key") == [("key", upload_id)]
        assert store.list_parts(bucket, "key", upload_id) == [sent[1], sent[2], sent[3]]
        written = store.complete_upload(bucket, "key", upload_id, [sent[1], sent[2], sent[3]])
        head = store.head(bucket, "key")
        assert (head.etag, head.version_id) == (written.etag, written.version_id)
        assert head.properties == replace(RICH, tags={})
        assert read_all(store, bucket, "key") == b"".join(parts)
        assert store.list_uploads(bucket, "key") == []

    def test_a_part_says_what_it_is(self, store: ObjectStore, bucket: str) -> None:
        upload_id = store.create_upload(bucket, "key", PLAIN)
        part = send_part(store, bucket, "key", upload_id, 7, b"bytes")
        assert part == UploadedPart(7, md5(b"bytes").hexdigest(), 5)

    def test_a_part_sent_again_replaces_the_first(self, store: ObjectStore, bucket: str) -> None:
        upload_id = store.create_upload(bucket, "key", PLAIN)
        send_part(store, bucket, "key", upload_id, 1, b"first")
        part = send_part(store, bucket, "key", upload_id, 1, b"second")
        assert store.list_parts(bucket, "key", upload_id) == [part]
        store.complete_upload(bucket, "key", upload_id, [part])
        assert read_all(store, bucket, "key") == b"second"

    def test_numbers_may_have_gaps(self, store: ObjectStore, bucket: str, parts: list[bytes]) -> None:
        upload_id = store.create_upload(bucket, "key", PLAIN)
        numbers = (2, 500, 10_000)
        sent = [
            send_part(store, bucket, "key", upload_id, n, body)
            for n, body in zip(numbers, parts, strict=True)
        ]
        store.complete_upload(bucket, "key", upload_id, sent)
        assert read_all(store, bucket, "key") == b"".join(parts)

    @needs(abilities.AWS_MULTIPART_ETAG)
    def test_the_etag_is_the_md5_of_md5s(self, store: ObjectStore, bucket: str, parts: list[bytes]) -> None:
        digests = b"".join(md5(part).digest() for part in parts)
        written = upload(store, bucket, "key", parts)
        assert written.etag == f"{md5(digests).hexdigest()}-3"

    @needs(abilities.UPLOAD_TAGS)
    def test_tags_are_given_at_the_start(self, store: ObjectStore, bucket: str, parts: list[bytes]) -> None:
        upload(store, bucket, "key", parts, RICH)
        assert store.tags(bucket, "key") == RICH.tags

    def test_parts_are_listed_by_number(self, store: ObjectStore, bucket: str) -> None:
        upload_id = store.create_upload(bucket, "key", PLAIN)
        sent = [send_part(store, bucket, "key", upload_id, n, b"%d" % n) for n in (11, 2, 1, 10, 9, 100)]
        expected = sorted(sent, key=lambda part: part.number)
        assert store.list_parts(bucket, "key", upload_id) == expected

    def test_a_wrong_md5_is_refused(self, store: ObjectStore, bucket: str) -> None:
        upload_id = store.create_upload(bucket, "key", PLAIN)
        with pytest.raises(DigestMismatch):
            store.upload_part(bucket, "key", upload_id, 1, b"these", md5=md5(b"those").digest())
        assert store.list_parts(bucket, "key", upload_id) == []

    def test_an_aborted_upload_is_gone(self, store: ObjectStore, bucket: str) -> None:
        upload_id = store.create_upload(bucket, "key", PLAIN)
        part = send_part(store, bucket, "key", upload_id, 1, b"x")
        store.abort_upload(bucket, "key", upload_id)
        assert store.list_uploads(bucket, "key") == []
        self._expect_no_upload(store, bucket, upload_id, part)

    def test_a_completed_upload_is_not_listed(
        self, store: ObjectStore, bucket: str, parts: list[bytes]
    ) -> None:
        upload(store, bucket, "key", parts)
        assert store.list_uploads(bucket, "key") == []

    @needs(abilities.UPLOADS_END)
    def test_a_completed_upload_is_gone(self, store: ObjectStore, bucket: str) -> None:
        upload_id = store.create_upload(bucket, "key", PLAIN)
        part = send_part(store, bucket, "key", upload_id, 1, b"x")
        store.complete_upload(bucket, "key", upload_id, [part])
        self._expect_no_upload(store, bucket, upload_id, part)

    @staticmethod
    def _expect_no_upload(store: ObjectStore, bucket: str, upload_id: str, part: UploadedPart) -> None:
        calls: list[Callable[[], object]] = [
            lambda: store.list_parts(bucket, "key", upload_id),
            lambda: send_part(store, bucket, "key", upload_id, 1, b"x"),
            lambda: store.complete_upload(bucket, "key", upload_id, [part]),
            lambda: store.abort_upload(bucket, "key", upload_id),
        ]
        for call in calls:
            with pytest.raises(NotFound) as caught:
                call()
            assert caught.value.code == "NoSuchUpload"

    def test_foreign_parts_are_refused(self, store: ObjectStore, bucket: str) -> None:
        upload_id = store.create_upload(bucket, "key", PLAIN)
        part = send_part(store, bucket, "key", upload_id, 1, b"x")
        for wrong in [replace(part, number=2), replace(part, etag=md5(b"y").hexdigest())]:
            with pytest.raises(Rejected) as caught:
                store.complete_upload(bucket, "key", upload_id, [wrong])
            assert caught.value.code == "InvalidPart"
        assert store.list_parts(bucket, "key", upload_id) == [part]

    @needs(abilities.PART_ORDER)
    def test_parts_are_named_in_order(self, store: ObjectStore, bucket: str, parts: list[bytes]) -> None:
        upload_id = store.create_upload(bucket, "key", PLAIN)
        sent = [send_part(store, bucket, "key", upload_id, n, parts[n - 1]) for n in (2, 1)]
        with pytest.raises(Rejected) as caught:
            store.complete_upload(bucket, "key", upload_id, sent)
        assert caught.value.code == "InvalidPartOrder"

    @needs(abilities.PART_SIZE)
    def test_only_the_last_part_may_be_small(self, store: ObjectStore, bucket: str) -> None:
        with pytest.raises(Rejected) as caught:
            upload(store, bucket, "key", [b"small", b"last"])
        assert caught.value.code == "EntityTooSmall"

    def test_uploads_are_found_by_the_exact_key(self, store: ObjectStore, bucket: str) -> None:
        first, second = (store.create_upload(bucket, "a/key", PLAIN) for _ in range(2))
        other = store.create_upload(bucket, "b/key", PLAIN)
        found = store.list_uploads(bucket, "a/key")
        assert {each.upload_id for each in found} == {first, second}
        assert {each.key for each in found} == {"a/key"}
        assert opened(store, bucket, "b/key") == [("b/key", other)]

    @pytest.mark.parametrize("key", HOSTILE_KEYS.values(), ids=HOSTILE_KEYS)
    def test_hostile_keys_survive(self, store: ObjectStore, bucket: str, key: str) -> None:
        upload_id = store.create_upload(bucket, key, PLAIN)
        part = send_part(store, bucket, key, upload_id, 1, BODY)
        assert store.list_parts(bucket, key, upload_id) == [part]
        store.complete_upload(bucket, key, upload_id, [part])
        assert keys_of(store, bucket) == [key]
        assert read_all(store, bucket, key) == BODY

    @pytest.mark.parametrize("key", PLAIN_XML.values(), ids=PLAIN_XML)
    def test_hostile_keys_are_listed(self, store: ObjectStore, bucket: str, key: str) -> None:
        self._expect_listed_until_aborted(store, bucket, key)

    @needs(abilities.XML_KEYS)
    @pytest.mark.parametrize("key", NOT_XML.values(), ids=NOT_XML)
    def test_keys_that_xml_cannot_hold_are_listed(self, store: ObjectStore, bucket: str, key: str) -> None:
        self._expect_listed_until_aborted(store, bucket, key)

    @staticmethod
    def _expect_listed_until_aborted(store: ObjectStore, bucket: str, key: str) -> None:
        upload_id = store.create_upload(bucket, key, PLAIN)
        assert opened(store, bucket, key) == [(key, upload_id)]
        store.abort_upload(bucket, key, upload_id)
        assert store.list_uploads(bucket, key) == []
