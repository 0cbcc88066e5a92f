"""What a copy carries, and what it would lose."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.model.fidelity import (
    CLASSES,
    LOSSES,
    Carrying,
    carried,
    is_repaired,
    losses,
    repaired_encoding,
)
from migrator.model.objects import UNLOCKED, Lock, ObjectHead, Properties

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
KEY = "aws:kms:arn:aws:kms:us-east-1:1:key/2"
TO_LYVE = Carrying(classes=CLASSES["lyve"])
TO_AWS = Carrying(classes=CLASSES["aws"])
PLAIN = ObjectHead(1, "etag", NOW)


@pytest.mark.parametrize(
    ("head", "carrying", "lost"),
    [
        (PLAIN, TO_LYVE, ()),
        (replace(PLAIN, storage_class="STANDARD_IA"), TO_LYVE, ("storage-class",)),
        (replace(PLAIN, storage_class="STANDARD_IA"), TO_AWS, ()),
        (replace(PLAIN, storage_class="STANDARD_IA"), replace(TO_LYVE, storage_class="STANDARD"), ()),
        (replace(PLAIN, storage_class="A_NEW_ONE"), TO_AWS, ("storage-class",)),
        (replace(PLAIN, encryption=KEY), TO_AWS, ("encryption",)),
        (replace(PLAIN, encryption="aws:kms:dsse"), TO_AWS, ("encryption",)),
        (replace(PLAIN, encryption=KEY), replace(TO_AWS, encryption="AES256"), ()),
        (replace(PLAIN, encryption="AES256"), TO_LYVE, ()),
        (replace(PLAIN, lock=Lock("GOVERNANCE", LATER)), TO_LYVE, ("locks",)),
        (replace(PLAIN, lock=Lock("GOVERNANCE", NOW)), TO_LYVE, ()),
        (replace(PLAIN, lock=Lock(hold=True)), TO_LYVE, ("locks",)),
        (replace(PLAIN, lock=Lock(hold=True)), replace(TO_LYVE, locks="at-once"), ()),
        (replace(PLAIN, lock=Lock(hold=True)), replace(TO_LYVE, locks="after-verify"), ()),
        (replace(PLAIN, missing_meta=1), TO_LYVE, ("metadata",)),
        (
            replace(PLAIN, missing_meta=1, storage_class="GLACIER_IR", lock=Lock(hold=True), encryption=KEY),
            TO_LYVE,
            ("encryption", "locks", "metadata", "storage-class"),
        ),
    ],
)
def test_what_is_lost(head: ObjectHead, carrying: Carrying, lost: tuple[str, ...]) -> None:
    assert losses(head, carrying, NOW) == lost
    assert set(lost) <= set(LOSSES)


@pytest.mark.parametrize(
    ("storage_class", "carrying", "sent"),
    [
        ("STANDARD", TO_AWS, ""),
        ("STANDARD_IA", TO_AWS, "STANDARD_IA"),
        ("STANDARD_IA", TO_LYVE, ""),
        ("STANDARD", replace(TO_AWS, storage_class="GLACIER_IR"), "GLACIER_IR"),
        ("STANDARD_IA", replace(TO_AWS, storage_class="STANDARD"), ""),
    ],
)
def test_the_class_of_a_copy(storage_class: str, carrying: Carrying, sent: str) -> None:
    assert carried(replace(PLAIN, storage_class=storage_class), carrying, NOW).storage_class == sent


def test_a_token_of_another_run_is_not_carried() -> None:
    head = replace(PLAIN, properties=Properties(metadata={"migrator-op": "run.1.1", "a": "b"}))
    assert carried(head, TO_AWS, NOW).metadata == {"a": "b"}


@pytest.mark.parametrize(
    ("locks", "lock", "sent"),
    [
        ("report", Lock("COMPLIANCE", LATER, hold=True), UNLOCKED),
        ("after-verify", Lock("COMPLIANCE", LATER, hold=True), UNLOCKED),
        ("at-once", Lock("COMPLIANCE", LATER, hold=True), Lock("COMPLIANCE", LATER, hold=True)),
        ("at-once", Lock("COMPLIANCE", NOW, hold=True), Lock(hold=True)),
        ("at-once", Lock("COMPLIANCE", NOW), UNLOCKED),
    ],
)
def test_locks_go_with_the_write_only_at_once(locks: str, lock: Lock, sent: Lock) -> None:
    assert carried(replace(PLAIN, lock=lock), replace(TO_AWS, locks=locks), NOW).lock == sent


@pytest.mark.parametrize(
    ("given_", "repaired"),
    [
        ("", ""),
        ("gzip", "gzip"),
        ("gzip , br", "gzip , br"),
        ("aws-chunked", ""),
        ("AWS-Chunked", ""),
        ("aws-chunked,gzip", "gzip"),
        ("gzip, aws-chunked, br", "gzip,br"),
        ("x-aws-chunked-like", "x-aws-chunked-like"),
    ],
)
def test_the_framing_of_an_upload_is_no_encoding(given_: str, repaired: str) -> None:
    assert repaired_encoding(given_) == repaired
    head = replace(PLAIN, properties=Properties(content_encoding=given_))
    assert is_repaired(head) is (repaired != given_)
    assert carried(head, TO_AWS, NOW).content_encoding == repaired


@given(st.text("ag,wszip- chunked", max_size=30))
def test_repairing_twice_changes_nothing_more(value: str) -> None:
    once = repaired_encoding(value)
    assert repaired_encoding(once) == once


def test_what_an_end_holds_differently_is_named() -> None:
    sent = Properties(
        website_redirect="/x", storage_class="STANDARD_IA", encryption=KEY, lock=Lock("GOVERNANCE", LATER)
    )
    assert PLAIN.lacks(sent) == ("website_redirect", "storage_class", "encryption", "lock")
    there = replace(
        PLAIN,
        properties=Properties(website_redirect="/x"),
        storage_class="STANDARD_IA",
        encryption=KEY,
        lock=Lock("GOVERNANCE", LATER),
    )
    assert there.lacks(sent) == ()
    assert there.lacks(replace(sent, encryption="aws:kms:arn:aws:kms:us-east-1:1:alias/mine")) == ()
    assert there.lacks(replace(sent, encryption="aws:kms:arn:aws:kms:us-east-1:1:key/3")) == ("encryption",)
