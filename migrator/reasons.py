"""Why something is as it is: the codes of rules, conflicts and undo, each in words for people."""

from __future__ import annotations

from collections.abc import Mapping

ASSURANCES: Mapping[str, str] = {
    "read-back": "every byte read back",
    "digest": "content digest equal",
    "etag": "multipart ETag equal",
    "accepted": "digest confirmed on arrival",
    "size": "size only",
}

#: Why a filter left objects out, by the rule's name.
FILTERS: Mapping[str, str] = {
    "min_date": "older than Min Date",
    "max_date": "newer than Max Date",
    "min_size": "smaller than Min Size",
    "max_size": "larger than Max Size",
    "exclude": "matched by Not keys like",
    "include": "not matched by Only keys like",
    "exists": "already at the destination",
}

#: What a copy may lack, by the names of `model.fidelity.LOSSES`.
PROPERTIES: Mapping[str, str] = {
    "acl": "access granted to others (ACL)",
    "encryption": "encryption under a KMS key",
    "locks": "retention or legal hold",
    "metadata": "unreadable metadata",
    "old-versions": "older versions and delete markers",
    "storage-class": "storage class",
    "tags": "tags",
    "website-redirect": "website redirect",
}

#: What is in the way of a copy, before anything is done about it.
IN_THE_WAY: Mapping[str, str] = {
    "different-content": "The destination has different content under this name.",
    "different-history": "The destination has another history under this name.",
    "exists": "The destination already has an object under this name.",
    "changed-meanwhile": "Somebody wrote this object at the destination meanwhile.",
    "cannot-undo": "Replacing this object could not be undone.",
}
CONFLICTS: Mapping[str, str] = {
    code: f"{text.removesuffix('.')}{', so' if code == 'cannot-undo' else ';'} it was left alone."
    for code, text in IN_THE_WAY.items()
}

UNSUPPORTED: Mapping[str, str] = {
    "archived": "The object is archived and has to be restored before it can be read.",
    "too-large": "The object is larger than the destination accepts.",
    "key-too-long": "The object's name would be too long at the destination.",
    "key-segment-too-long": "A part of the object's name, between slashes, is too long for the destination.",
    "key-empty-segment": "The destination cannot keep two slashes in a row, or one at the beginning.",
    "key-folder-body": "The object's name ends with a slash, and the destination would drop its content.",
    "key-beside": "The destination cannot hold this object beside one that has the name of its folder.",
    "missing-meta": "Some of the object's metadata cannot be read, so a copy would lose it.",
    "metadata-unsupported": "The destination cannot keep the object's metadata as it is.",
    "marker": "The destination lays no delete marker on top of another one, or where nothing is.",
    "tags-unsupported": "The destination cannot keep the object's tags.",
    "website-redirect-unsupported": "The destination cannot keep the object's website redirect.",
    "storage-class": "The destination does not have the object's storage class.",
    "encryption": "The object is encrypted under a KMS key, and its copy would not be.",
    "locks": "The object is locked, and its copy would not be.",
    "locks-unknown": "The keys may not ask whether the object is locked.",
    "customer-key": "The object is encrypted with a key of its owner (SSE-C) and cannot be read.",
    "tags": "Some of the object's tags cannot be read, so a copy would lose them.",
}

UNDO_REASONS: Mapping[str, str] = {
    "not-ours": "Changed by someone else since; it is left alone.",
    "later-run": "A later run replaced this copy; undo that run first, or leave it.",
    "hidden-removed": "Changed by someone else since; our version below theirs was removed.",
    "stays-there": "The destination did not let this saved copy or probe of ours be removed.",
    "bucket-kept": "The bucket that the run created is not empty, so it is kept.",
    "kept-last-copy": "The source no longer holds this object: the copy is the last one and is kept.",
    "lost": "What was there before cannot be brought back; the copy is left in place.",
    "human": "Nobody can tell whether this is our copy; a person has to decide.",
    "gone": "Nothing was there any more.",
    "locked": "The destination has locked this object; it cannot be removed now.",
}

#: The same reasons as titles of groups.
TITLES: Mapping[str, str] = {
    "different-content": "Different object already there",
    "different-history": "Different history already there",
    "exists": "Already there",
    "changed-meanwhile": "Written by someone else meanwhile",
    "cannot-undo": "Could not be undone",
    "archived": "Archived, needs a restore",
    "too-large": "Too large for the destination",
    "key-too-long": "Name too long for the destination",
    "key-segment-too-long": "Part of the name too long for the destination",
    "key-empty-segment": "Two slashes in a row in the name",
    "key-folder-body": "Folder name with content",
    "key-beside": "Object and folder of the same name",
    "missing-meta": "Metadata cannot be read",
    "tags": "Tags cannot be read",
    "metadata-unsupported": "Metadata that the destination cannot keep",
    "tags-unsupported": "Destination without tags",
    "marker": "Delete marker that the destination cannot keep",
    "website-redirect-unsupported": "Destination without redirects",
    "storage-class": "Other storage class",
    "encryption": "Encrypted under a KMS key",
    "locks": "Locked at the source",
    "locks-unknown": "Lock unknown",
    "customer-key": "Encrypted with a customer's key",
    "not-ours": "Changed by someone else since",
    "later-run": "Replaced by a later run",
    "hidden-removed": "Changed by someone else since, ours removed below",
    "stays-there": "Saved copies that could not be removed",
    "bucket-kept": "Bucket not empty, kept",
    "kept-last-copy": "Only here now: kept",
    "lost": "Old content cannot be brought back",
    "human": "Needs a person to decide",
    "locked": "Locked by the destination",
}

#: Why objects failed, by the cause of the event, as titles of groups; unknown ones stand as they are.
FAILURES: Mapping[str, str] = {
    "AccessDenied": "Access denied",
    "ConnectionLost": "Connection lost too often",
    "DigestMismatch": "Arrived with other bytes",
    "EntityTooLarge": "Refused as too large",
    "InternalError": "The service failed",
    "InvalidObjectState": "Archived, needs a restore",
    "KMS.DisabledException": "KMS key disabled",
    "NoSuchUpload": "Upload gone before its end",
    "SlowDown": "Told to slow down too often",
    "Throttled": "Told to slow down too often",
    "Unreachable": "No answer",
    "not-there": "Success was answered, and nothing is there",
    "source-changed": "Changed while it was being copied",
    "source-gone": "Deleted at the source meanwhile",
    "unproven": "Cannot be proven to be the source's object",
}

#: What can be done about a reason, where something can.
ADVICE: Mapping[str, str] = {
    "different-content": "Compare the two. To replace such objects, choose Overwrite and migrate again.",
    "different-history": "To write this history on top of it, choose Overwrite and migrate again.",
    "exists": "To compare instead, choose Skip if identical and migrate again.",
    "changed-meanwhile": "Migrate again once nobody else writes there.",
    "archived": "Restore it at the source, then migrate again.",
    "too-large": "Copy it with a tool that splits objects, or leave it out with Max Size.",
    "key-too-long": "Use a shorter folder at the destination.",
    "key-segment-too-long": "Copy it under a shorter name at the source, then migrate again.",
    "key-empty-segment": "Copy it under another name at the source, then migrate again.",
    "key-folder-body": "Copy it under a name without the slash at the source, then migrate again.",
    "key-beside": "Copy one of the two under another name at the source, then migrate again.",
    "missing-meta": "Ask the owner of the source for the right to read it.",
    "metadata-unsupported": "Shorten values, or rename entries with _ or . in their names, at the source.",
    "tags-unsupported": 'To copy without them, write accept = ["tags"] in [carry].',
    "website-redirect-unsupported": 'To copy without it, write accept = ["website-redirect"] in [carry].',
    "storage-class": 'To copy into the usual class, write accept = ["storage-class"] in [carry].',
    "encryption": 'Name a key of the destination in [carry] encryption, or write accept = ["encryption"].',
    "locks": 'Carry locks with [carry] locks, or copy without: accept = ["locks"].',
    "locks-unknown": "Allow s3:GetObjectRetention and s3:GetObjectLegalHold at the source.",
    "customer-key": "Re-encrypt it at the source, or leave it out with a filter.",
    "tags": "Allow s3:GetObjectTagging, or set tags = false in [carry].",
    "cannot-undo": 'Switch versioning on at the destination, or allow it with undo = "best-effort".',
    "not-ours": "Look at these objects yourself: they are somebody else's now.",
    "later-run": "Roll back the later run first, then this one again.",
    "kept-last-copy": "Keep it, or put it back at the source first.",
    "stays-there": "Allow s3:DeleteObject under .migrator/, then roll back again.",
    "bucket-kept": "Empty it and roll back again, or keep it.",
    "locked": "Try again after the lock has ended.",
}
