"""What the S3 store asks about a bucket beside its objects: rules that act by themselves, and the clock.

Services exist that answer a question they do not know with 200 and a listing of the bucket (Ceph and Swift:
`?encryption`; rclone: all of them). The SDK parses that as *no rules*. So the answer's document is looked at,
and anything but the one that was asked for means that the question is not known.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import botocore.exceptions as sdk

from migrator.errors import NotSupported
from migrator.model.plan import ARCHIVED
from migrator.model.settings import LifecycleRule, ReplicationRule
from migrator.store import s3_wire
from migrator.store.s3_buckets import S3Buckets


class S3Settings(S3Buckets):
    """Settings of buckets. `S3Locks` adds what is asked about single versions."""

    def lifecycle(self, bucket: str) -> tuple[LifecycleRule, ...]:
        answer = self._setting("GetBucketLifecycleConfiguration", bucket, "LifecycleConfiguration")
        return tuple(_lifecycle_rule(rule) for rule in _enabled(answer))

    def replication(self, bucket: str) -> tuple[ReplicationRule, ...]:
        answer = self._setting("GetBucketReplication", bucket, "ReplicationConfiguration")
        rules = _enabled(answer.get("ReplicationConfiguration", {}))
        return tuple(ReplicationRule(rule.get("ID", ""), _prefix(rule)) for rule in rules)

    def notifications(self, bucket: str) -> tuple[str, ...]:
        answer = self._setting("GetBucketNotificationConfiguration", bucket, "NotificationConfiguration")
        return tuple(kind for name, kind in _RECEIVERS.items() if name in answer)

    def default_encryption(self, bucket: str) -> str:
        answer = self._setting("GetBucketEncryption", bucket, "ServerSideEncryptionConfiguration")
        for rule in answer.get("ServerSideEncryptionConfiguration", {}).get("Rules", []):
            default = rule.get("ApplyServerSideEncryptionByDefault", {})
            kind, key = default.get("SSEAlgorithm", ""), default.get("KMSMasterKeyID", "")
            if kind:
                return f"{kind}:{key}" if key else str(kind)
        return ""

    def server_time(self, bucket: str) -> datetime | None:
        """From the answer's `Date`, which a refusal carries too."""
        with self._call("HeadBucket", bucket):
            try:
                answer = self._client.head_bucket(Bucket=bucket)
            except sdk.ClientError as cause:
                answer = cause.response
            stamp = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date", "")
        try:
            return parsedate_to_datetime(stamp).astimezone(UTC)
        except ValueError:
            return None

    def _setting(self, operation: str, bucket: str, root: str) -> Any:
        """The answer; an empty one where the service says that nothing is set."""
        with self._call(operation, bucket):
            try:
                answer = self._client._make_api_call(operation, {"Bucket": bucket})
            except sdk.ClientError as cause:
                if cause.response.get("Error", {}).get("Code") in _NOTHING_SET:
                    return {}
                raise
        if s3_wire.root_of(answer) != root:
            raise NotSupported(
                f"{self._end} does not know {operation}.",
                code="OtherDocument",
                **self._where(operation, bucket).fields(),
            )
        return answer


_NOTHING_SET = frozenset(
    {
        "NoSuchLifecycleConfiguration",
        "ReplicationConfigurationNotFoundError",
        "ServerSideEncryptionConfigurationNotFoundError",
        "NoSuchConfiguration",
    }
)
#: Who is told of writes, as the SDK names the lists.
_RECEIVERS = {
    "TopicConfigurations": "SNS",
    "QueueConfigurations": "SQS",
    "LambdaFunctionConfigurations": "Lambda",
    "EventBridgeConfiguration": "EventBridge",
}


def _enabled(answer: Any) -> list[Any]:
    return [rule for rule in answer.get("Rules", []) if rule.get("Status") == "Enabled"]


def _prefix(rule: Any) -> str:
    limits = rule.get("Filter", {})
    return str(rule.get("Prefix") or limits.get("Prefix") or limits.get("And", {}).get("Prefix") or "")


def _lifecycle_rule(rule: Any) -> LifecycleRule:
    limits = {**rule.get("Filter", {}), **rule.get("Filter", {}).get("And", {})}
    moves = (*rule.get("Transitions", []), *rule.get("NoncurrentVersionTransitions", []))
    expiry = rule.get("Expiration", {})
    return LifecycleRule(
        rule.get("ID", ""),
        _prefix(rule),
        is_narrowed=bool(limits.keys() & {"Tag", "Tags", "ObjectSizeGreaterThan", "ObjectSizeLessThan"}),
        expires="Days" in expiry or "Date" in expiry,
        expires_old="NoncurrentVersionExpiration" in rule,
        aborts="AbortIncompleteMultipartUpload" in rule,
        archives=any(each.get("StorageClass") in ARCHIVED for each in moves),
    )
