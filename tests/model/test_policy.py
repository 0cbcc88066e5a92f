"""The policies of a job: who may do what, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.model.policy import MOST_CHARS, Policy, as_pattern, policies
from migrator.model.rights import Needs, Place
from tests.support.policed import allowed_by

NEEDS = Needs(Place("aws", "from", region="eu-central-1"), Place("aws", "to", region="eu-central-1"))
LYVE = replace(NEEDS, source=Place("lyve", "from"), destination=Place("lyve", "to"))
VARIANTS = [
    NEEDS,
    LYVE,
    replace(NEEDS, source=Place("aws", "from", "2024/"), destination=Place("aws", "to", "copies/")),
    replace(NEEDS, source=Place("s3", "from", "2024/"), destination=Place("s3", "to", "copies/")),
    replace(NEEDS, tags=False, reads_locks=False, reads_grants=False),
    replace(NEEDS, all_versions=True, replaces=True, writes_locks=True),
    replace(
        NEEDS,
        all_versions=True,
        writes_locks=True,
        kms_key="arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        destination=Place("aws", "to", "copies/", "eu-central-1", create_bucket=True),
    ),
]


def actions(policy: Policy) -> list[str]:
    return [action for statement in policy.document["Statement"] for action in statement["Action"]]


def statement_of(policy: Policy, action: str) -> Mapping[str, Any]:
    (found,) = (each for each in policy.document["Statement"] if action in each["Action"])
    return found


@pytest.mark.parametrize("needs", VARIANTS)
def test_nothing_is_granted_wholesale(needs: Needs) -> None:
    for policy in policies(needs):
        for action in actions(policy):
            assert "*" not in action
            assert action not in {"s3:BypassGovernanceRetention", "s3:PutObjectAcl", "s3:PutBucketPolicy"}
        assert len(set(actions(policy))) == len(actions(policy)), "each right once"


@pytest.mark.parametrize("needs", VARIANTS)
def test_the_sources_keys_can_change_nothing(needs: Needs) -> None:
    source, _ = policies(needs)
    assert all(action.startswith(("s3:Get", "s3:List")) for action in actions(source))


def test_on_aws_a_listing_of_the_source_is_limited_to_the_prefix() -> None:
    source, destination = policies(replace(NEEDS, source=Place("aws", "from", "2024/"), all_versions=True))
    allows = allowed_by(source.document)
    bucket = "arn:aws:s3:::from"
    for action in ("s3:ListBucket", "s3:ListBucketVersions"):
        assert allows(action, bucket, {"s3:prefix": "2024/"})
        assert allows(action, bucket, {"s3:prefix": "2024/05/"})
        assert not allows(action, bucket, {"s3:prefix": "2023/"})
        assert not allows(action, bucket, {})
    assert allows("s3:GetObject", f"{bucket}/2024/a", {})
    assert not allows("s3:GetObject", f"{bucket}/2023/a", {})
    assert "Condition" not in json.dumps(destination.document)


def test_the_reserved_prefix_is_within_reach_whatever_the_jobs_prefix() -> None:
    _, destination = policies(replace(NEEDS, destination=Place("aws", "to", "copies/")))
    allows = allowed_by(destination.document)
    bucket = "arn:aws:s3:::to"
    for action in ("s3:PutObject", "s3:DeleteObject", "s3:GetObject", "s3:DeleteObjectVersion"):
        assert allows(action, f"{bucket}/copies/a", {})
        assert allows(action, f"{bucket}/.migrator/20260102T030405Z-abcdef/saved/1", {})
        assert not allows(action, f"{bucket}/other/a", {})


def test_lyve_cloud_gets_one_statement_without_conditions_on_bucket_and_objects() -> None:
    needs = replace(LYVE, source=Place("lyve", "from", "2024/"), destination=Place("lyve", "to", "c/"))
    for policy in policies(needs):
        (statement,) = policy.document["Statement"]
        assert set(statement) == {"Effect", "Action", "Resource"}
        assert statement["Resource"] == [f"arn:aws:s3:::{policy.bucket}", f"arn:aws:s3:::{policy.bucket}/*"]
        assert not any(action.startswith("kms:") for action in statement["Action"])


def test_other_services_get_no_conditions() -> None:
    needs = replace(NEEDS, source=Place("s3", "from", "2024/"))
    assert "Condition" not in json.dumps([policy.document for policy in policies(needs)])


def differences(changed: Needs) -> tuple[set[str], set[str], set[str], set[str]]:
    """What a job has more and less than the plain one: source, destination."""
    before = [set(actions(policy)) for policy in policies(NEEDS)]
    after = [set(actions(policy)) for policy in policies(changed)]
    return after[0] - before[0], before[0] - after[0], after[1] - before[1], before[1] - after[1]


TAGGING = {
    "s3:GetObjectTagging",
    "s3:GetObjectVersionTagging",
    "s3:PutObjectTagging",
    "s3:PutObjectVersionTagging",
}
READ_TAGGING = {each for each in TAGGING if ":Get" in each}
READ_LOCKS = {"s3:GetObjectRetention", "s3:GetObjectLegalHold", "s3:GetBucketObjectLockConfiguration"}
PUT_LOCKS = {"s3:PutObjectRetention", "s3:PutObjectLegalHold"}
NONE: set[str] = set()


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (replace(NEEDS, tags=False), (NONE, READ_TAGGING, NONE, NONE)),
        (replace(NEEDS, tags=False, replaces=False), (NONE, READ_TAGGING, NONE, TAGGING)),
        (replace(NEEDS, reads_locks=False), (NONE, READ_LOCKS, NONE, NONE)),
        (replace(NEEDS, reads_grants=False), (NONE, {"s3:GetObjectAcl"}, NONE, NONE)),
        (replace(NEEDS, writes_locks=True), (NONE, NONE, PUT_LOCKS, NONE)),
        (
            replace(NEEDS, all_versions=True),
            ({"s3:ListBucketVersions", "s3:GetObjectVersion"}, NONE, NONE, NONE),
        ),
        (
            replace(NEEDS, destination=replace(NEEDS.destination, create_bucket=True)),
            (NONE, NONE, {"s3:CreateBucket", "s3:DeleteBucket"}, NONE),
        ),
        (
            replace(NEEDS, all_versions=True, destination=replace(NEEDS.destination, create_bucket=True)),
            (
                {"s3:ListBucketVersions", "s3:GetObjectVersion"},
                NONE,
                {"s3:CreateBucket", "s3:DeleteBucket", "s3:PutBucketVersioning"},
                NONE,
            ),
        ),
        (
            replace(NEEDS, kms_key="arn:aws:kms:eu-central-1:1:key/k"),
            (NONE, NONE, {"kms:GenerateDataKey", "kms:Decrypt"}, NONE),
        ),
    ],
)
def test_a_right_is_granted_only_to_jobs_that_need_it(
    changed: Needs, expected: tuple[set[str], set[str], set[str], set[str]]
) -> None:
    assert differences(changed) == expected


def test_the_key_is_the_only_one_that_may_be_used() -> None:
    arn = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd"
    _, destination = policies(replace(NEEDS, kms_key=arn))
    assert statement_of(destination, "kms:Decrypt")["Resource"] == arn


def test_an_alias_is_no_resource_but_a_condition() -> None:
    _, destination = policies(replace(NEEDS, kms_key="arn:aws:kms:eu-central-1:123456789012:alias/copies"))
    statement = statement_of(destination, "kms:Decrypt")
    assert statement["Resource"] == "arn:aws:kms:eu-central-1:123456789012:key/*"
    assert statement["Condition"] == {"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/copies"}}


@pytest.mark.parametrize(
    ("region", "partition"),
    [("us-east-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"), ("", "aws")],
)
def test_arns_are_of_the_regions_partition(region: str, partition: str) -> None:
    source, _ = policies(replace(NEEDS, source=Place("aws", "from", region=region)))
    assert statement_of(source, "s3:GetObject")["Resource"] == f"arn:{partition}:s3:::from/*"


@pytest.mark.parametrize(
    "prefix",
    ["a" * 1024, "*" * 1024, "é" * 512, "💾" * 256, '"' * 1024, "\\" * 1024, "a?" * 512, "\x01a" * 512],
)
def test_the_longest_prefix_fits_into_aws_limit(prefix: str) -> None:
    needs = replace(
        VARIANTS[-1],
        source=Place("aws", "s" * 63, prefix),
        destination=Place("aws", "d" * 63, prefix, create_bucket=True),
    )
    for policy in policies(needs):
        assert policy.chars <= MOST_CHARS
        assert policy.text.isascii()


@given(st.text(max_size=60), st.text(max_size=10))
def test_every_key_below_the_prefix_is_within_reach(prefix: str, rest: str) -> None:
    needs = replace(NEEDS, source=Place("aws", "from", prefix), destination=Place("aws", "to", prefix))
    for policy in policies(needs):
        allows = allowed_by(policy.document)
        assert allows("s3:GetObject", f"arn:aws:s3:::{policy.bucket}/{prefix}{rest}", {})
        assert allows("s3:ListBucket", f"arn:aws:s3:::{policy.bucket}", {"s3:prefix": prefix})


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=60), st.text())
def test_a_prefix_that_can_be_written_reaches_nothing_else(prefix: str, other: str) -> None:
    source, _ = policies(replace(NEEDS, source=Place("aws", "from", prefix)))
    allows = allowed_by(source.document)
    assert allows("s3:GetObject", f"arn:aws:s3:::from/{other}", {}) == other.startswith(prefix)


def test_wildcards_in_a_prefix_are_written_literally() -> None:
    assert as_pattern("50%*?${x}/") == "50%${*}${?}${$}{x}/*"
    assert as_pattern("") == "*"
    assert as_pattern("été") == "*t*"


def test_a_person_is_told_what_the_document_cannot_say() -> None:
    source, destination = policies(replace(NEEDS, source=Place("aws", "from", "é/", requester_pays=True)))
    assert source.notes == ("paste-aws", "prefix-denies", "prefix-wider", "requester-pays", "kms-source")
    assert destination.notes == ("paste-aws", "kms-default")
    assert policies(LYVE)[0].notes == ("paste-lyve", "lyve-versions")
