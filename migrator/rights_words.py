"""Sentences about rights and settings: what goes with a policy, and what `check` found."""

from __future__ import annotations

from collections.abc import Mapping

from migrator.model.findings import CheckFound, Found
from migrator.model.policy import Policy

#: The heading above a policy: for whom it is.
FOR_WHOM: Mapping[str, str] = {
    "source": "Source: read only. For the keys of {place}",
    "destination": "Destination: write and undo. For the keys of {place}",
}

#: Notes of a policy, by code.
POLICY_NOTES: Mapping[str, str] = {
    "paste-aws": "Paste it in the AWS console under IAM > Policies > Create policy > JSON, then attach it to "
    "the user or role of these keys.",
    "paste-lyve": "Paste it in the Lyve Cloud console as a new policy, then attach it to the user of these "
    "keys. It may take some seconds to work.",
    "paste-s3": "Attach it to the user of these keys. Services differ in the actions they know: leave out "
    "what yours refuses.",
    "lyve-versions": "If the console refuses an action whose name contains Version, leave it out. "
    "First-generation accounts have permissions instead of policies: choose Read only for a source, All "
    "operations for a destination.",
    "prefix-denies": "With rights on a prefix only, AWS answers Access Denied for an object that has gone.",
    "prefix-wider": "The prefix cannot be written exactly in a policy: keys that begin almost like it are "
    "allowed too.",
    "requester-pays": "Requester pays: the bucket's owner must allow your account the same actions, in the "
    "bucket's policy.",
    "kms-source": "Where objects are encrypted with a KMS key, add kms:Decrypt on that key.",
    "kms-default": "Where the bucket encrypts with a KMS key of its own, add kms:GenerateDataKey and "
    "kms:Decrypt on that key.",
}


def for_whom(policy: Policy, place: str) -> str:
    """The heading of a policy; `place` as shown to people."""
    return FOR_WHOM[policy.side].format(place=place)


def policy_notes(policy: Policy) -> list[str]:
    """What to do with it, a sentence or two for each note."""
    return [POLICY_NOTES[code] for code in policy.notes]


# -- what `check` found ---------------------------------------------------------------------------

#: Sentences by code. `{what}` is an S3 action, or the value that was found.
FOUND: Mapping[str, str] = {
    "right-proven": "works",
    "right-denied": "is denied",
    "right-odd": "was answered in a way that proves nothing",
    "right-no-object": "not tried: the source has no object that the job would copy",
    "right-no-bucket": "not tried: the bucket will be made by the run",
    "right-after-others": "not tried: what is missing comes first",
    "right-locked": "not tried: what is written to this bucket is locked, or may be",
    "right-not-known": "not tried: the service does not know this request",
    "right-keeps": "not tried: a lock on a probe could not be taken off again",
    "locks-not-told": "is denied, so locks of objects cannot be told of",
    "grants-not-told": "is denied, so ACLs cannot be told of",
    "clock-right": "The clocks are {what} apart",
    "clock-wrong": "The clocks are {what} apart; at 15 minutes the service refuses requests",
    "clock-not-told": "The service does not tell its time",
    "region": "The bucket is in {what}",
    "region-other": "The bucket is in {what}, and the job names another region",
    "bucket-absent": "The bucket is not there; the run will make it",
    "versioning-off": "The bucket keeps no versions; what a run replaces is kept aside",
    "versioning-enabled": "The bucket keeps versions",
    "versioning-suspended": "Versioning is suspended: what a write replaces there may be lost",
    "versioning-unknown": "Nobody may know whether the bucket keeps versions",
    "versions-not-told": "is denied, so nobody can tell whether older versions stay behind",
    "keeps-as-asked": "Storage class and encryption are kept as the job asks",
    "versions-stay": "The source keeps versions; older ones stay behind",
    "lock-none": "Nothing is locked here (no Object Lock)",
    "lock-enabled": "The bucket can lock objects (Object Lock), and locks none by itself",
    "lock-default": "Every new object is locked: nothing was tried, and a rollback will have to leave copies",
    "lock-unknown": "Nobody may know whether new objects are locked: nothing was tried",
    "lifecycle-none": "No rule of a life cycle concerns the copies",
    "lifecycle-expires": "The life cycle's rule {what} removes objects here after a while",
    "lifecycle-expires-saved": "The life cycle's rule {what} removes what is kept for undo under .migrator/",
    "lifecycle-expires-old": "The life cycle's rule {what} removes older versions, which undo brings back",
    "lifecycle-aborts": "The life cycle's rule {what} ends open uploads; a resume then sends them again",
    "lifecycle-archives": "The life cycle's rule {what} archives objects, which cannot be read at once then",
    "lifecycle-unknown": "Nobody may know whether a life cycle removes copies",
    "lifecycle-not-known": "The service does not know life cycles, or does not tell",
    "replication-none": "Copies are not replicated further",
    "replication-on": "The rule {what} replicates copies to another bucket, where no rollback reaches",
    "replication-unknown": "Nobody may know whether copies are replicated further",
    "replication-not-known": "The service does not know replication, or does not tell",
    "notifications-none": "Nobody is told of new objects",
    "notifications-on": "{what} are told of new objects: every copy sets off an event",
    "notifications-unknown": "Nobody may know who is told of new objects",
    "notifications-not-known": "The service does not know notifications, or does not tell",
    "encryption-plain": "Encryption by default: {what}",
    "encryption-kms": "The bucket encrypts with {what}: ETags are no digests, so copies are read back",
    "encryption-unknown": "Nobody may know how the bucket encrypts",
    "encryption-not-known": "The service does not tell how it encrypts",
    "archived": "{what} of the first objects are archived and cannot be read before they are restored",
    "put-if-absent": "PUT only where nothing is (If-None-Match)",
    "put-if-match": "PUT only over what was seen (If-Match)",
    "delete-if-match": "DELETE only of what was seen (If-Match)",
    "delete-version": "DELETE of exactly one version",
    "copies": "Copies within the bucket keep everything",
    "keeps-token": "User metadata comes back as sent",
    "keeps-bytes": "What is read is what was sent",
    "keeps-parts": "An upload in parts is what was sent",
    "keeps-tags": "Tags come back as sent",
    "refuses-wrong-md5": "A wrong Content-MD5 is refused",
    "checks-crc32": "A part that is not what its CRC32 says is refused",
    "lists-uploads": "Open uploads are listed by prefix",
    "probe-left": "{what} could not be removed again",
    "cleaned": "Every probe is removed again",
}

#: The same of abilities that a bucket was seen not to have, and of those that nobody tried.
NOT_SO: Mapping[str, str] = {
    "put-if-absent": "a PUT only where nothing is (If-None-Match) is not honoured: looked at before instead",
    "put-if-match": "a PUT only over what was seen (If-Match) is not honoured: looked at before instead",
    "delete-if-match": "a DELETE only of what was seen (If-Match) is not honoured: looked at before instead",
    "delete-version": "a DELETE of one version did not remove it",
    "copies": "copies within the bucket lose something: what is replaced is read and written instead",
    "keeps-token": "user metadata does not come back as sent",
    "keeps-bytes": "what is read is not what was sent: data would be damaged",
    "keeps-parts": "an upload in parts is not what was sent: data would be damaged",
    "keeps-as-asked": "storage class or encryption is not kept as the job asks",
    "versions-cannot": "the job carries all versions, and this bucket does not keep versions",
    "lock-cannot": "the job carries locks, and this bucket cannot lock",
    "keeps-tags": "tags do not come back as sent",
    "refuses-wrong-md5": "a wrong Content-MD5 is accepted: damage on the way is only noticed afterwards",
    "checks-crc32": "the CRC32 of a part is not checked: parts go with their MD5, which takes more computing",
    "lists-uploads": "open uploads are not listed by prefix: forgotten ones stay there",
}

#: What can be done, by code.
CHECK_ADVICE: Mapping[str, str] = {
    "right-denied": "Allow these keys {action}.",
    "locks-not-told": "Allow these keys {action}, or accept the loss of locks in [carry].",
    "versions-not-told": "Allow these keys {action}.",
    "keeps-as-asked": "Change storage_class or encryption in [carry], or use another bucket.",
    "grants-not-told": 'Allow these keys {action}, or accept "acl" in [carry].',
    "clock-wrong": "Set this computer's clock.",
    "region-other": "Set the region to {what}.",
    "versioning-unknown": "Allow these keys {action}.",
    "lock-default": "Use a bucket without default retention, or be sure that nothing will have to be undone.",
    "lock-unknown": "Allow these keys {action}.",
    "lock-cannot": 'Use a bucket with Object Lock, or set locks = "report" in [carry].',
    "versions-cannot": 'Switch versioning on there, or accept "old-versions" in [carry].',
    "lifecycle-expires": "Switch the rule off, or use another bucket.",
    "lifecycle-expires-saved": "Switch the rule off until the run is accepted or undone.",
    "lifecycle-expires-old": "Switch the rule off until the run is accepted or undone.",
    "lifecycle-archives": "Verify before the rule applies.",
    "lifecycle-unknown": "Allow these keys {action}.",
    "replication-unknown": "Allow these keys {action}.",
    "replication-on": "Switch the rule off while you migrate, if you may want to undo it.",
    "notifications-unknown": "Allow these keys {action}.",
    "notifications-on": "Make sure that the receivers can take as many events as there are objects.",
    "encryption-unknown": "Allow these keys {action}.",
    "archived": "Restore them first, or leave them out.",
    "keeps-bytes": "Do not migrate to this service before its operator has looked into this.",
    "keeps-parts": "Do not migrate to this service before its operator has looked into this.",
    "keeps-tags": "To copy without them, set tags = false in [carry].",
    "probe-left": "Remove it yourself, or allow these keys to delete and check again.",
    "versions-stay": 'To carry them, set versions = "all" in [carry].',
}


def found(event: CheckFound) -> str:
    """What was found, as one sentence, with what can be done where something is wrong."""
    side = "Source" if event.end == "source" else "Destination"
    return f"{side}: {said(event)} {event.advice}".strip()


def said(event: CheckFound) -> str:
    """What was found, as one sentence."""
    table = FOUND
    if event.topic == "ability" and event.verdict not in (Found.OK, Found.NOT_TRIED):
        table = NOT_SO
    text = table.get(event.code, event.code).format(what=event.what, action=event.action)
    if event.topic == "right":
        text = f"{event.what} {text}"
    if event.topic == "ability" and event.verdict is Found.NOT_TRIED:
        text = f"Not tried: {text}"
    return text[:1].upper() + text[1:] + "." if event.topic != "right" else f"{text}."


def advice_for(code: str, verdict: Found, *, what: str, action: str) -> str:
    """What can be done about a finding; empty where nothing is wrong."""
    if verdict in (Found.OK, Found.NOT_TRIED):
        return ""
    return CHECK_ADVICE.get(code, "").format(what=what, action=action)
