"""The contract of `migrator.store.base.ObjectStore` in full: what holds for every keeper of it.

Tests take `store`, `bucket` (fresh, no versions) and `versioned` (fresh, versions on). What some real
service does not do is named by `@needs(...)`; see `abilities`.
"""

from tests.store.contract_checksums import TestChecksums
from tests.store.contract_copies import TestCopiedParts, TestCopies
from tests.store.contract_deletes import TestBatchDeletes, TestConditionalDeletes
from tests.store.contract_histories import TestHistories
from tests.store.contract_listings import TestListings, TestVersions
from tests.store.contract_objects import TestBuckets, TestMissingKeys, TestObjects, TestReads, TestTags
from tests.store.contract_properties import TestGrants, TestKept, TestLocking
from tests.store.contract_settings import TestSettings
from tests.store.contract_stacks import TestLocks, TestStacks
from tests.store.contract_uploads import TestConditions, TestUploads

__all__ = [
    "TestBatchDeletes",
    "TestBuckets",
    "TestChecksums",
    "TestConditionalDeletes",
    "TestConditions",
    "TestCopiedParts",
    "TestCopies",
    "TestGrants",
    "TestHistories",
    "TestKept",
    "TestListings",
    "TestLocking",
    "TestLocks",
    "TestMissingKeys",
    "TestObjects",
    "TestReads",
    "TestSettings",
    "TestStacks",
    "TestTags",
    "TestUploads",
    "TestVersions",
]
