"""What goes with the parts of large objects, and how sure their copies are."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable
from typing import Any

import pytest

from migrator.errors import DigestMismatch, Rejected
from migrator.model.checksums import crc32_of, crc32_of_parts
from migrator.model.ledger import Outcome
from migrator.model.objects import Properties
from migrator.store.memory import CEPH, LYVE, Quirks
from migrator.store.memory_uploads import Chosen
from tests.support.faulty import Faulty, corrupts, meanwhile
from tests.support.world import FROM, PART, TO, World, counts

pytestmark = pytest.mark.usefixtures("small_parts")
BODY = bytes(range(256)) * (PART * 5 // 2 // 256)
PIECES = [BODY[at : at + PART] for at in range(0, len(BODY), PART)]


def how_sure(world: World) -> str:
    (level,) = [level for level, count in world.run().ledger["assurance"].items() if count]
    assert world.there == {"large": BODY}
    return str(level)


def seed_in_parts(world: World, pieces: list[bytes]) -> None:
    """The source's object was itself made of these parts."""
    cloud = world.source_cloud
    upload_id = cloud.create_upload(FROM, "large", Properties())
    parts = [cloud.upload_part(FROM, "large", upload_id, n, piece) for n, piece in enumerate(pieces, 1)]
    cloud.complete_upload(FROM, "large", upload_id, [Chosen(part.number, part.etag) for part in parts])


def reads_of_copies(world: World) -> int:
    return world.destination.calls.count(("GetObject", TO, "large"))


def test_parts_that_the_destination_confirmed_are_enough(world: World) -> None:
    world.seed("large", BODY)
    assert how_sure(world) == "accepted"
    entry = world.entries()["large"]
    assert entry.digest_kind == "crc32-parts"
    assert entry.digest == crc32_of_parts([crc32_of(piece) for piece in PIECES])
    assert not reads_of_copies(world)


def test_an_object_made_of_the_same_parts_has_the_same_name(world: World) -> None:
    seed_in_parts(world, PIECES)
    assert how_sure(world) == "etag"


def test_other_parts_have_another_name(world: World) -> None:
    seed_in_parts(world, [BODY[: 2 * PART], BODY[2 * PART :]])
    assert how_sure(world) == "accepted"


def test_foreign_etags_need_no_reading_back(new_world: Callable[..., World]) -> None:
    world = new_world(quirks=LYVE)
    world.seed("large", BODY)
    assert how_sure(world) == "accepted"
    assert not reads_of_copies(world)


@pytest.mark.parametrize("quirks", [CEPH, Quirks(ignores_checksums=True)])
def test_an_end_that_ignores_checksums_gets_md5s(new_world: Callable[..., World], quirks: Quirks) -> None:
    world = new_world(quirks=quirks)
    world.seed("large", BODY)
    assert how_sure(world) == "etag"
    assert world.entries()["large"].digest_kind == "md5-parts"


def test_who_asks_for_checksums_gets_md5s(world: World) -> None:
    world.set("transfer", verify="checksum")
    world.seed("large", BODY)
    assert how_sure(world) == "etag"


def test_an_end_that_forgets_what_it_checked_gets_md5s(world: World) -> None:
    """It refuses a damaged part, and would not notice one that is damaged later."""
    world.seed("large", BODY)
    inner = world.destination
    complete = inner.complete_upload

    def forgetful(bucket: str, key: str, upload_id: str, parts: Any, **how: Any) -> Any:
        kept = {part.number: part for part in inner.list_parts(bucket, key, upload_id)}
        return complete(bucket, key, upload_id, [kept[part.number] for part in parts], **how)

    inner.complete_upload = forgetful  # type: ignore[method-assign]
    assert how_sure(world) == "etag"
    assert not world.open_uploads


def test_an_end_that_refuses_every_checksum_gets_md5s(world: World) -> None:
    world.seed("large", BODY)
    inner = world.destination
    send = inner.upload_part

    def picky(*which: Any, **how: Any) -> Any:
        if how.get("crc32"):
            raise DigestMismatch("not known here", code="InvalidDigest", status=400)
        return send(*which, **how)

    inner.upload_part = picky  # type: ignore[method-assign]
    assert how_sure(world) == "etag"
    assert not world.open_uploads
    assert not world.destination_cloud.list_uploads(TO, "")


def test_a_part_damaged_at_the_destination_never_becomes_an_object(world: World) -> None:
    world.seed("large", BODY)
    inner = world.destination
    world.destination = Faulty(inner, corrupts("UploadPart", key="large", nth=2, times=1))
    assert counts(world.run())["failed"] == 1
    assert not world.there
    world.destination = inner
    assert world.resume().outcome is Outcome.COMPLETED
    assert world.there == {"large": BODY}
    assert not world.open_uploads


def test_reading_back_compares_every_part(world: World) -> None:
    world.seed("large", BODY)
    world.run()
    assert world.verify(read_back=True).exit_code == 0
    entry = world.entries()["large"]
    database = sqlite3.connect(world.directory.journal)
    wrong = crc32_of_parts([crc32_of(piece) for piece in reversed(PIECES)])
    with database:
        database.execute("UPDATE objects SET digest = ? WHERE seq = ?", (wrong, entry.seq))
    database.close()
    assert world.verify(read_back=True).exit_code == 1


def test_reading_back_at_once(world: World) -> None:
    world.set("transfer", verify="read-back")
    world.seed("large", BODY)
    assert how_sure(world) == "read-back"


def test_an_upload_goes_on_with_the_digest_it_began_with(world: World) -> None:
    """Also where its journal is that of an older release, which knew of MD5s only."""
    world.seed("large", BODY)
    inner = world.destination
    world.destination = Faulty(inner, meanwhile("UploadPart", lambda: world.ports.stop.ask(), key="large"))
    world.set("transfer", verify="checksum")
    assert world.run().outcome is Outcome.STOPPED
    world.destination = inner
    database = sqlite3.connect(world.directory.journal)
    database.executescript(
        "ALTER TABLE parts DROP COLUMN crc32; UPDATE meta SET value = '3' WHERE name = 'schema';"
        "UPDATE objects SET digest_kind = '';"
    )
    database.close()
    assert world.resume().outcome is Outcome.COMPLETED
    assert world.there == {"large": BODY}
    entry = world.entries()["large"]
    md5s = b"".join(hashlib.md5(piece).digest() for piece in PIECES)
    assert entry.digest == f"{hashlib.md5(md5s).hexdigest()}-3"
    assert inner.calls.count(("CreateMultipartUpload", TO, "large")) == 1


def test_a_refusal_after_the_object_was_made_leaves_its_parts_known(world: World) -> None:
    """Its tags may be refused: the object is there, and resume goes by the parts that it was made of."""
    world.seed("large", BODY, tags={"a": "b"})
    inner = world.destination
    tags = inner.tags

    def refuse(*_: Any, **__: Any) -> Any:
        del inner.tags
        raise Rejected("not now", code="InvalidTag", operation="GetObjectTagging", status=400)

    inner.tags = refuse  # type: ignore[method-assign]
    assert counts(world.run())["failed"] == 1
    assert ("AbortMultipartUpload", TO, "large") not in inner.calls
    assert world.resume().outcome is Outcome.COMPLETED
    assert world.there == {"large": BODY}
    assert inner.calls.count(("CreateMultipartUpload", TO, "large")) == 1
    assert inner.tags == tags
