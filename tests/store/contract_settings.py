"""The contract: what acts by itself in a bucket, and the end's clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from migrator.errors import NotFound
from migrator.store.base import ObjectStore

SETTINGS = pytest.mark.parametrize("setting", ["lifecycle", "replication", "notifications"])


class TestSettings:
    @SETTINGS
    def test_a_fresh_bucket_has_none(self, store: ObjectStore, bucket: str, setting: str) -> None:
        assert getattr(store, setting)(bucket) == ()

    @SETTINGS
    def test_a_bucket_that_is_not_there_is_missing(self, store: ObjectStore, setting: str) -> None:
        with pytest.raises(NotFound):
            getattr(store, setting)("not-there-at-all")

    def test_a_default_encryption_is_told_as_writes_name_it(self, store: ObjectStore, bucket: str) -> None:
        assert store.default_encryption(bucket) in {"", "AES256"}

    def test_the_ends_clock(self, store: ObjectStore, bucket: str) -> None:
        told = store.server_time(bucket)
        assert told is not None
        assert abs(datetime.now(UTC) - told) < timedelta(minutes=1)
