"""Operations on the locks and the grants of single objects."""

from __future__ import annotations

from datetime import datetime

from migrator.demo.object_calls import check_digests
from migrator.demo.wire import Answer, Head
from migrator.demo.xmlout import child_text, element, group, listing_time, malformed, parsed, xml_answer
from migrator.errors import StoreError
from migrator.store.base import BucketLock
from migrator.store.memory_cloud import MemoryCloud
from migrator.store.memory_rules import lock_missing, missing

_OWNER = "owner-of-everything"
_EVERYBODY = "http://acs.amazonaws.com/groups/global/AllUsers"


def get_retention(cloud: MemoryCloud, head: Head) -> Answer:
    found = _locked_bucket(cloud, head).head(head.bucket, head.key, version_id=head.maybe("versionId"))
    if found.lock.until is None:
        raise _no_lock()
    until = listing_time(found.lock.until)
    return xml_answer("Retention", [element("Mode", found.lock.mode), element("RetainUntilDate", until)])


def get_hold(cloud: MemoryCloud, head: Head) -> Answer:
    found = _locked_bucket(cloud, head).head(head.bucket, head.key, version_id=head.maybe("versionId"))
    if not found.lock.hold:
        raise _no_lock()
    return xml_answer("LegalHold", [element("Status", "ON")])


def put_retention(cloud: MemoryCloud, head: Head, body: bytes) -> Answer:
    check_digests(head, body)
    asked = parsed(body, "Retention")
    try:
        until = datetime.fromisoformat(child_text(asked, "RetainUntilDate"))
    except ValueError:
        raise malformed() from None
    mode = child_text(asked, "Mode")
    cloud.retain(head.bucket, head.key, until, mode=mode, version_id=head.maybe("versionId"))
    return Answer(200)


def put_hold(cloud: MemoryCloud, head: Head, body: bytes) -> Answer:
    check_digests(head, body)
    is_on = child_text(parsed(body, "LegalHold"), "Status") == "ON"
    cloud.hold(head.bucket, head.key, is_on=is_on, version_id=head.maybe("versionId"))
    return Answer(200)


def get_acl(cloud: MemoryCloud, head: Head) -> Answer:
    """The owner may do everything; where an object is public, everybody may read it too."""
    owner = element("ID", _OWNER)
    grants = [_grant(owner, "CanonicalUser", "FULL_CONTROL")]
    if cloud.has_grants(head.bucket, head.key):
        grants.append(_grant(element("URI", _EVERYBODY), "Group", "READ"))
    return xml_answer("AccessControlPolicy", [group("Owner", [owner]), group("AccessControlList", grants)])


def _grant(grantee: str, kind: str, permission: str) -> str:
    schema = "http://www.w3.org/2001/XMLSchema-instance"
    who = f'<Grantee xmlns:xsi="{schema}" xsi:type="{kind}">{grantee}</Grantee>'
    return group("Grant", [who, element("Permission", permission)])


def _locked_bucket(cloud: MemoryCloud, head: Head) -> MemoryCloud:
    if cloud.lock_of(head.bucket) is BucketLock.NONE:
        raise lock_missing()
    return cloud


def _no_lock() -> StoreError:
    message = "The specified object does not have a ObjectLock configuration"
    return missing("NoSuchObjectLockConfiguration", message)
