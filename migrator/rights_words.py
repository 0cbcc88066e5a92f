"""Sentences about rights and settings: what goes with a policy, and what `check` found."""

from __future__ import annotations

from collections.abc import Mapping

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
