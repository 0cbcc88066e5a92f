"""Named sets of keys for the window: listed without secrets, tried where they belong, really forgotten."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from migrator import credentials
from migrator.credentials import Keys
from migrator.engine.errands import Errands
from migrator.engine.key_sets import list_keys
from migrator.engine.service import EngineService
from migrator.model.key_sets import KeySet, KeysForgotten, KeysListed, KeysTested
from migrator.store.memory import MemoryStore
from tests.engine.test_runs import seeded
from tests.engine.test_service import service_of, until
from tests.support.world import World
from tests.test_credentials import KEYS, Vault, use

OTHER = Keys("AKIAOTHEREXAMPLE0", "another-secret-key")


@pytest.fixture(autouse=True)
def vault(monkeypatch: pytest.MonkeyPatch) -> Vault:
    made = Vault()
    use(monkeypatch, made)
    monkeypatch.setattr(credentials, "_session", {})
    return made


def test_sets_are_listed_by_name_with_where_they_are_and_never_with_a_secret() -> None:
    credentials.save("lyve", replace(KEYS, expires_at=datetime(2026, 11, 28, 20, tzinfo=UTC)))
    credentials._session.clear()
    credentials.keep_for_session("aws", OTHER)
    listed = list_keys(only_session=False)
    assert listed.sets == (
        KeySet("aws", OTHER.masked, is_stored=False),
        KeySet("lyve", KEYS.masked, is_stored=True, is_temporary=True, expires="2026-11-28T20:00:00+00:00"),
    )
    assert KEYS.secret_access_key not in repr(listed)
    assert KEYS.session_token not in repr(listed)


def test_a_demo_neither_shows_nor_forgets_what_is_stored(world: World, vault: Vault) -> None:
    credentials.save("aws", KEYS)
    credentials._session.clear()
    credentials.keep_for_session("lyve", OTHER)
    service = EngineService(world.root, world._open, is_demo=True)
    service.list_keys()
    assert [each.name for each in until(service, KeysListed).sets] == ["lyve"]
    service.forget_keys(["aws", "lyve"])
    assert until(service, KeysListed).sets == ()
    assert service.close(60)
    assert (credentials.SERVICE, "aws") in vault.entries
    assert credentials.load("lyve") is None


def test_forgotten_keys_are_neither_in_memory_nor_in_the_key_store(world: World, vault: Vault) -> None:
    for name in ("aws", "lyve", "archive"):
        credentials.save(name, KEYS)
    service = service_of(world)
    service.forget_keys(["aws", "archive"])
    assert until(service, KeysForgotten) == KeysForgotten(("aws", "archive"))
    assert [each.name for each in until(service, KeysListed).sets] == ["lyve"]
    assert credentials.load("aws") is None
    service.forget_keys(["lyve"])
    assert until(service, KeysListed).sets == ()
    assert vault.entries == {}
    assert service.close(60)


def test_what_the_key_store_does_not_give_up_is_told_and_stays_listed(world: World, vault: Vault) -> None:
    credentials.save("aws", KEYS)
    credentials.save("lyve", KEYS)
    delete = vault.delete_password

    def stubborn(service: str, name: str) -> None:
        if name != "aws":
            delete(service, name)

    vault.delete_password = stubborn  # type: ignore[method-assign]
    service = service_of(world)
    service.forget_keys(["aws", "lyve"])
    told = until(service, KeysForgotten)
    assert told.names == ("lyve",)
    assert 'The keys "aws" could not be removed' in told.problem
    assert [each.name for each in until(service, KeysListed).sets] == ["aws"]
    assert service.close(60)


def test_keys_are_not_taken_from_what_is_under_way(
    world: World, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials.save("aws", KEYS)
    seeded(world)
    service, may_list = service_of(world), threading.Event()
    list_page = MemoryStore.list_page

    def waits(store: MemoryStore, *args: object, **named: object) -> object:
        assert may_list.wait(60)
        return list_page(store, *args, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(MemoryStore, "list_page", waits)
    service.start(world.table, {})
    service.forget_keys(["aws"])
    told = until(service, KeysForgotten)
    may_list.set()
    assert (told.names, "under way" in told.problem) == ((), True)
    assert credentials.load("aws") == KEYS
    assert service.close(60)


def test_keys_are_tried_where_what_is_typed_uses_them(world: World) -> None:
    credentials.save("typed", KEYS)
    world.set("destination", credentials="keyring:typed")
    service = service_of(world)
    service.test_keys("typed", world.table)
    told = until(service, KeysTested)
    assert told.ok
    assert "https://s3.us-west-1.acme.lyve.seagate.com accepts the keys typed" in told.message
    assert service.close(60)


def test_keys_that_no_form_uses_are_tried_where_the_newest_run_used_them(world: World) -> None:
    credentials.save("older", KEYS)
    world.set("source", credentials="keyring:older")
    seeded(world).run()
    world.set("source", credentials="env")
    service = service_of(world)
    service.test_keys("older", {})
    told = until(service, KeysTested)
    assert (told.ok, told.message.startswith("AWS (us-east-1) accepts the keys older")) == (True, True)
    assert service.close(60)


@pytest.mark.parametrize(
    ("name", "says"), [("unused", "Nothing here says which service"), ("gone", "no keys gone any more")]
)
def test_keys_that_cannot_be_tried_are_told_with_what_to_do(world: World, name: str, says: str) -> None:
    credentials.save("unused", KEYS)
    service = service_of(world)
    service.test_keys(name, world.table)
    told = until(service, KeysTested)
    assert not told.ok
    assert says in told.message
    assert service.close(60)


# -- errands --------------------------------------------------------------------------------------


def test_errands_are_done_one_after_the_other_in_order() -> None:
    errands, first_may_end, done = Errands(), threading.Event(), []

    def first() -> None:
        assert first_may_end.wait(60)
        done.append(1)

    errands.do("one", first)
    errands.do("two", lambda: done.append(2))
    errands.do("three", lambda: done.append(3))
    assert not errands.join(0.01)
    assert done == []
    first_may_end.set()
    assert errands.join(60)
    assert done == [1, 2, 3]


def test_nothing_to_do_is_done_at_once() -> None:
    assert Errands().join(0)
