"""What servers answer differently from S3, as data: everything that one may be unable to do, and who is.

A test of the contract names what it `needs` (see `contract_help.needs`). On a server that lacks it, that test
is expected to fail, and passing is an error: a server that learns something is noticed.
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase

IF_ABSENT = "honours If-None-Match on writes"
AWS_MULTIPART_ETAG = "makes multipart ETags as AWS does"
UPLOAD_TAGS = "keeps the tags given when an upload is opened"
CHECKS_CRC32 = "refuses a part that is not what its CRC32 says"
KEEPS_CRC32 = "keeps the CRC32 of a part"
PART_SIZE = "refuses small parts"
PART_ORDER = "refuses parts out of order"
LIMITS = "refuses keys and metadata beyond S3's limits"
TAGS_GO = "forgets the tags of an object that is overwritten"
UPLOADS_END = "forgets an upload once it is completed"
XML_KEYS = "lists uploads also under keys that XML cannot hold"
COPY_CONDITION = "honours If-Match on the original of a copy"
PART_COPY_CONDITION = "honours If-Match on the original of a copied part"
DELETE_CONDITION = "honours If-Match on deletes"
NOTHING_TO_MATCH = "refuses a conditional delete where there is nothing"
MARKERS_BY_ID = "refuses to show a delete marker as an object"
SECOND_MARKERS = "lays a delete marker on top of another one"
LONE_MARKERS = "lays a delete marker where there is nothing"
VERSIONS_XML_KEYS = "lists versions also of keys that XML cannot hold"
HIDES_LOCKED = "lays a delete marker over a locked object"
OWN_BUCKET = "refuses to make a bucket that is there"
KEPT_BUCKET = "refuses to remove a bucket that has only hidden versions"
REDIRECTS = "keeps website redirects"
STORAGE_CLASSES = "knows storage classes"
ENCRYPTION = "encrypts as it is told"
LOCKS = "locks versions as it is told"
UPLOAD_LOCKS = "locks what is made of parts"
VERSION_LOCKS = "locks one version, not its key"
NO_LOCKS = "refuses locks where the bucket has none"
GRANTS = "tells of grants to others"
TAGS = "keeps tags"
UNPARSED = "an answer that parses where the prefix is not XML"
#: By the name of the server. Where it is one that others wrote: as seen with the version in the comment.
LACKS: Mapping[str, frozenset[str]] = {
    "ours as AWS": frozenset(),
    "ours as Lyve Cloud": frozenset({IF_ABSENT, AWS_MULTIPART_ETAG}),
    "ours as Ceph": frozenset({CHECKS_CRC32, KEEPS_CRC32, COPY_CONDITION, DELETE_CONDITION}),
    "ministack": frozenset(  # 1.4.21
        {
            CHECKS_CRC32,
            UPLOAD_TAGS,
            PART_SIZE,
            PART_ORDER,
            LIMITS,
            TAGS_GO,
            UPLOADS_END,
            XML_KEYS,
            PART_COPY_CONDITION,
            NOTHING_TO_MATCH,
            MARKERS_BY_ID,
            VERSIONS_XML_KEYS,
            HIDES_LOCKED,
            OWN_BUCKET,
            KEPT_BUCKET,
            UPLOAD_LOCKS,
            NO_LOCKS,
            VERSION_LOCKS,
        }
    ),
    "Ceph": frozenset(  # RADOS gateway 16.2.15
        {
            AWS_MULTIPART_ETAG,
            CHECKS_CRC32,
            KEEPS_CRC32,
            UPLOAD_TAGS,
            PART_ORDER,
            UPLOADS_END,
            COPY_CONDITION,
            DELETE_CONDITION,
            ENCRYPTION,
            UPLOAD_LOCKS,
            OWN_BUCKET,
            SECOND_MARKERS,
        }
    ),
    "Swift": frozenset(  # 2.38.3 with s3api
        {
            KEEPS_CRC32,
            TAGS,
            UPLOAD_TAGS,
            TAGS_GO,
            UPLOADS_END,
            NOTHING_TO_MATCH,
            MARKERS_BY_ID,
            REDIRECTS,
            ENCRYPTION,
            LOCKS,
            UPLOAD_LOCKS,
            VERSION_LOCKS,
            NO_LOCKS,
            HIDES_LOCKED,
            GRANTS,
            SECOND_MARKERS,
            LONE_MARKERS,
        }
    ),
}


#: What else a server answers differently: the reason, and the tests that show it (patterns of `fnmatch` on
#: `Class.test[parameters]`).
DIFFERS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "Ceph": {
        "the question for the default encryption": (
            "TestSettings.test_a_default_encryption_is_told_as_writes_name_it",
        ),
        "names of metadata with _ (they come back with -)": (
            "TestCopiedParts.test_ranges_make_the_object",
            "TestCopies.test_a_copy_has_everything",
            "TestCopies.test_an_object_of_parts",
            "TestObjects.test_everything_comes_back",
        ),
        UNPARSED: ("TestObjects.test_hostile_keys_survive[[]control character]",),
        "storage classes besides STANDARD": ("TestKept.test_a_storage_class*",),
        "other regions": ("TestBuckets.test_a_bucket_is_made_where_it_is_wanted[[]eu-west-1]",),
        "a limit of 2 KB on metadata": ("TestObjects.test_metadata_ends_at_2048_bytes",),
        "If-Match on writes that hold (only without quotes)": (
            "TestConditions.test_if_match_replaces_only_that",
        ),
        "If-None-Match on Complete": ("TestConditions.test_uploads_can_be_conditional",),
        "the version in the answer to a copy": ("TestCopies.test_a_copy_is_a_version_of_its_own",),
        "the ETag in the answer to Complete": ("TestUploads.test_parts_may_come_in_any_order",),
        "the code NoSuchUpload (NoSuchKey instead)": ("TestUploads.test_an_aborted_upload_is_gone",),
        "words about the lock in a refusal": ("TestBatchDeletes.test_each_fails_by_itself",),
    },
    "Swift": {
        "versions of an object from before versioning was enabled as others": (
            "TestHistories.test_a_null_version_among_others",
        ),
        "names of metadata with _ on uploads": (
            "TestCopiedParts.test_ranges_make_the_object",
            "TestCopies.test_an_object_of_parts",
            "TestUploads.test_parts_may_come_in_any_order",
        ),
        "tags": (
            "TestCopies.test_a_copy_has_everything",
            "TestCopies.test_a_copy_is_a_second_object",
            "TestCopies.test_an_older_version_can_be_copied",
            "TestObjects.test_everything_comes_back",
            "TestObjects.test_a_later_write_replaces_everything",
            "TestTags.test_tags_are_replaced_as_a_whole",
            "TestTags.test_each_version_has_its_own",
        ),
        "versions of keys of 1,024 bytes (503: the name of a version is longer than its key)": (
            "TestHistories.test_hostile_keys[[]1,024 bytes]",
            "TestBatchDeletes.test_hostile_keys_go_together",
            "TestStacks.test_hostile_keys*",
            "TestStacks.test_keys_that_xml_cannot_hold*",
        ),
        "uncovering what lies below a version that is deleted in a batch": (
            "TestBatchDeletes.test_exactly_the_named_versions_go",
            "TestBatchDeletes.test_a_marker_is_a_version_too",
        ),
        "the null version": ("TestStacks.test_suspended_keeps_one_null_version",),
        "the version in the answer to Complete": ("TestVersions.test_every_write_has_its_own",),
        "locks": (
            "TestLocks.test_a_bucket_that_can_lock_and_one_that_does",
            "TestLocks.test_a_missing_bucket_is_not_found",
            "TestLocks.test_a_default_locks_every_new_object",
            "TestLocks.test_a_legal_hold_locks_until_it_is_lifted",
            "TestBatchDeletes.test_each_fails_by_itself",
        ),
        "If-Match on deletes where versions are kept": (
            "TestConditionalDeletes.test_with_versions_it_hides_and_loses_nothing",
        ),
        "the question for the default encryption": (
            "TestSettings.test_a_default_encryption_is_told_as_writes_name_it",
        ),
        "what acts by itself in a bucket": (
            "TestSettings.test_a_fresh_bucket_has_none*",
            "TestSettings.test_a_bucket_that_is_not_there_is_missing[[]notifications]",
        ),
        "the question for locks": ("TestLocking.test_what_is_not_locked_says_so",),
        "storage classes besides STANDARD": ("TestKept.test_a_storage_class*",),
        "other regions": ("TestBuckets.test_a_bucket_is_made_where_it_is_wanted[[]eu-west-1]",),
        "If-Match on writes": ("TestConditions.test_if_match_replaces_only_that",),
        "an end to the ranges of copied parts": ("TestCopiedParts.test_a_range_past_the_end_is_refused",),
        "part numbers above 1,000": ("TestUploads.test_numbers_may_have_gaps",),
        "values of metadata above 256 bytes": ("TestObjects.test_metadata_ends_at_2048_bytes",),
        "multipart uploads under keys with control characters (500)": (
            "TestUploads.test_hostile_keys_survive[[]control character]",
            "TestUploads.test_keys_that_xml_cannot_hold_are_listed[[]control character]",
        ),
        "the difference between a key that is missing and its bucket": (
            "TestMissingKeys.test_heads_and_reads_are_not_found",
        ),
    },
}


#: What our own reader of listings does not mind.
READ_ALL_THE_SAME = frozenset({UNPARSED})


def known_difference(server: str, suite: str, test: str) -> list[str]:
    """Why a test is expected to fail on a server; `test` with its parameters, the server among them."""
    name, _, parameters = test.partition("[")
    parameters = parameters.removesuffix("]").removeprefix(server).removeprefix("-")
    asked = f"{suite}.{name}" + (f"[{parameters}]" if parameters else "")
    known = DIFFERS.get(server, {})
    return [why for why, tests in known.items() if any(fnmatchcase(asked, each) for each in tests)]
