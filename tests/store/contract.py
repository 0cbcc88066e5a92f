"""The contract of `migrator.store.base.ObjectStore` in full: what holds for every keeper of it.

Tests take `store`, `bucket` (fresh, no versions) and `versioned` (fresh, versions on). What some real
service does not do is named by `@needs(...)`; see `keepers.EVERYTHING`.
"""

from tests.store.contract_listings import TestListings, TestVersions
from tests.store.contract_objects import TestBuckets, TestMissingKeys, TestObjects, TestReads, TestTags
from tests.store.contract_uploads import TestConditions, TestUploads

__all__ = [
    "TestBuckets",
    "TestConditions",
    "TestListings",
    "TestMissingKeys",
    "TestObjects",
    "TestReads",
    "TestTags",
    "TestUploads",
    "TestVersions",
]
