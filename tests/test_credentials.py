"""Where keys come from, and that they show nowhere."""

from __future__ import annotations

import json
import sys
import traceback
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from migrator import credentials
from migrator.credentials import AwsChain, Keys, load, resolve, save, vault_name
from migrator.errors import CredentialsError

KEYS = Keys("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG", "FwoGZXIvYXdzEBYaD")


class Vault:
    """A key store of the system, in memory."""

    def __init__(self, *, broken: bool = False) -> None:
        self.entries: dict[tuple[str, str], str] = {}
        self.broken = broken

    def set_password(self, service: str, name: str, value: str) -> None:
        if self.broken:
            raise RuntimeError("locked")
        self.entries[service, name] = value

    def get_password(self, service: str, name: str) -> str | None:
        if self.broken:
            raise RuntimeError("locked")
        return self.entries.get((service, name))

    def delete_password(self, service: str, name: str) -> None:
        if self.broken:
            raise RuntimeError("locked")
        del self.entries[service, name]


class Twins(Vault):
    """Holds an older entry of the same name behind the newer one, as Secret Service may."""

    def __init__(self) -> None:
        super().__init__()
        self.older: dict[tuple[str, str], str] = {}

    def set_password(self, service: str, name: str, value: str) -> None:
        if (service, name) in self.entries:
            self.older[service, name] = self.entries[service, name]
        super().set_password(service, name, value)

    def delete_password(self, service: str, name: str) -> None:
        super().delete_password(service, name)
        if (service, name) in self.older:
            self.entries[service, name] = self.older.pop((service, name))


class Deaf(Vault):
    """Says yes to everything and does nothing."""

    def set_password(self, service: str, name: str, value: str) -> None: ...

    def delete_password(self, service: str, name: str) -> None: ...


class Spoiling(Vault):
    """Takes keys, and gives back something else; or nothing at all, but an error."""

    def __init__(self, *, is_silent: bool = False, keeps: bool = False) -> None:
        super().__init__()
        self.is_silent = is_silent
        self.keeps = keeps

    def set_password(self, service: str, name: str, value: str) -> None:
        super().set_password(service, name, value[:40])

    def get_password(self, service: str, name: str) -> str | None:
        if self.is_silent:
            self.is_silent = False
            raise RuntimeError("locked meanwhile")
        return super().get_password(service, name)

    def delete_password(self, service: str, name: str) -> None:
        if not self.keeps:
            super().delete_password(service, name)


@pytest.fixture(autouse=True)
def new_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is remembered from another test."""
    monkeypatch.setattr(credentials, "_session", {})


def use(monkeypatch: pytest.MonkeyPatch, vault: Vault | None) -> Vault | None:
    monkeypatch.setattr(credentials, "_vault", lambda: vault)
    return vault


def names_in(vault: Vault) -> set[str]:
    """What keys there are; the list of their names is none."""
    return {name for service, name in vault.entries if service == credentials.SERVICE}


# -- references -----------------------------------------------------------------------------------


def test_default_and_profiles_are_left_to_awss_own_chain() -> None:
    assert resolve("default", "source") == AwsChain()
    assert resolve("profile:work", "source") == AwsChain("work")


@pytest.mark.parametrize("side", ["source", "destination"])
def test_keys_of_the_environment(side: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"MIGRATOR_{side.upper()}"
    monkeypatch.setenv(f"{name}_ACCESS_KEY_ID", "id")
    monkeypatch.setenv(f"{name}_SECRET_ACCESS_KEY", "secret")
    monkeypatch.delenv(f"{name}_SESSION_TOKEN", raising=False)
    assert resolve("env", side) == Keys("id", "secret")
    monkeypatch.setenv(f"{name}_SESSION_TOKEN", "token")
    assert resolve("env", side) == Keys("id", "secret", "token")


@pytest.mark.parametrize(
    ("environment", "named", "not_named"),
    [
        ({}, ["SOURCE_ACCESS_KEY_ID and", "SOURCE_SECRET_ACCESS_KEY are not set"], ["DESTINATION"]),
        (
            {"MIGRATOR_SOURCE_ACCESS_KEY_ID": "id"},
            ["SOURCE_SECRET_ACCESS_KEY is not set"],
            ["SOURCE_ACCESS_KEY_ID"],
        ),
        ({"MIGRATOR_SOURCE_SECRET_ACCESS_KEY": "s3cr3t"}, ["SOURCE_ACCESS_KEY_ID is not set"], ["s3cr3t"]),
        (
            {"MIGRATOR_SOURCE_ACCESS_KEY_ID": "", "MIGRATOR_SOURCE_SECRET_ACCESS_KEY": "x"},
            ["SOURCE_ACCESS_KEY_ID is not set"],
            [],
        ),
    ],
)
def test_missing_variables_are_named(
    environment: dict[str, str], named: list[str], not_named: list[str]
) -> None:
    with pytest.raises(CredentialsError) as caught:
        resolve("env", "source", environment)
    assert all(f"MIGRATOR_{text}" in str(caught.value) or text in str(caught.value) for text in named)
    assert not [text for text in not_named if text in str(caught.value)]
    assert caught.value.side == "source"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2026-11-28T20:00:00Z", datetime(2026, 11, 28, 20, tzinfo=UTC)),
        ("2026-11-28T21:00:00+01:00", datetime(2026, 11, 28, 20, tzinfo=UTC)),
        ("2026-11-28T20:00:00", datetime(2026, 11, 28, 20, tzinfo=UTC)),
        ("", None),
    ],
)
def test_the_environment_may_say_when_keys_run_out(text: str, found: datetime | None) -> None:
    names = ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "CREDENTIAL_EXPIRATION")
    environment = dict(zip((f"MIGRATOR_SOURCE_{name}" for name in names), ("id", "s", text), strict=True))
    assert resolve("env", "source", environment) == Keys("id", "s", "", found)


def test_an_expiry_that_is_none_is_refused() -> None:
    environment = {
        "MIGRATOR_SOURCE_ACCESS_KEY_ID": "id",
        "MIGRATOR_SOURCE_SECRET_ACCESS_KEY": "secret",
        "MIGRATOR_SOURCE_CREDENTIAL_EXPIRATION": "tomorrow",
    }
    with pytest.raises(CredentialsError, match="SOURCE_CREDENTIAL_EXPIRATION is not a moment"):
        resolve("env", "source", environment)


# -- the vault ------------------------------------------------------------------------------------


def test_keys_survive_in_the_vault(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, Vault())
    assert save("work", KEYS)
    credentials._session.clear()
    assert load("work") == KEYS
    assert resolve("keyring:work", "source") == KEYS


def test_each_name_is_an_entry_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    vault = use(monkeypatch, Vault())
    assert vault is not None
    save("one", KEYS)
    save("two", Keys("other", "pair"))
    assert names_in(vault) == {"one", "two"}
    credentials._session.clear()
    assert load("two") == Keys("other", "pair")


@pytest.mark.parametrize("vault", [None, Vault(broken=True)], ids=["none", "locked"])
def test_without_a_vault_keys_last_as_long_as_the_program(
    monkeypatch: pytest.MonkeyPatch, vault: Vault | None
) -> None:
    use(monkeypatch, vault)
    assert save("work", KEYS) is False
    assert resolve("keyring:work", "source") == KEYS
    credentials._session.clear()
    with pytest.raises(CredentialsError, match='under the name "work"'):
        resolve("keyring:work", "source")


DAMAGED = [
    *("", "not JSON", "[]", "{}", '{"id": "a"}', "null", "3"),
    *('{"id": 5, "secret": "b"}', '{"id": "a", "secret": ["b"]}', '{"id": "a", "secret": "b", "token": 1}'),
    *('{"id": "a", "secret": "b", "expires": "soon"}', '{"id": "a", "secret": ""}'),
]


@pytest.mark.parametrize("text", DAMAGED)
def test_a_damaged_entry_is_no_entry(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    vault = use(monkeypatch, Vault())
    assert vault is not None
    vault.entries[credentials.SERVICE, "work"] = text
    assert load("work") is None
    with pytest.raises(CredentialsError):
        resolve("keyring:work", "destination")


def test_entries_without_a_session_token_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    vault = use(monkeypatch, Vault())
    assert vault is not None
    vault.entries[credentials.SERVICE, "work"] = json.dumps({"id": "a", "secret": "b"})
    assert load("work") == Keys("a", "b")


def test_when_temporary_keys_run_out_is_kept_with_them(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, Vault())
    until = datetime(2026, 11, 28, 20, tzinfo=UTC)
    save("work", replace(KEYS, expires_at=until))
    credentials._session.clear()
    assert load("work") == replace(KEYS, expires_at=until)


def test_a_vault_that_forgets_at_once_did_not_store(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, Deaf())
    assert save("work", KEYS) is False


@pytest.mark.parametrize("vault", [Vault(), Twins()], ids=["usual", "two entries"])
def test_forgotten_is_forgotten(monkeypatch: pytest.MonkeyPatch, vault: Vault) -> None:
    use(monkeypatch, vault)
    save("work", Keys("older", "pair"))
    save("work", KEYS)
    save("other", KEYS)
    assert credentials.forget("work") is True
    assert load("work") is None
    assert names_in(vault) == {"other"}
    assert credentials.forget("work") is False


def test_an_entry_that_is_no_keys_is_forgotten_too(monkeypatch: pytest.MonkeyPatch) -> None:
    vault = use(monkeypatch, Vault())
    assert vault is not None
    vault.entries[credentials.SERVICE, "work"] = ""
    assert credentials.forget("work") is True
    assert vault.entries == {}


@pytest.mark.parametrize("kind", [Vault, Deaf], ids=["locked", "deaf"])
def test_what_could_not_be_forgotten_is_said_to_be_there(
    monkeypatch: pytest.MonkeyPatch, kind: type[Vault]
) -> None:
    vault = kind(broken=kind is Vault)
    vault.entries[credentials.SERVICE, "work"] = "x"
    use(monkeypatch, vault)
    with pytest.raises(CredentialsError, match="could not be removed"):
        credentials.forget("work")


def test_without_a_vault_memory_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, None)
    save("work", KEYS)
    assert credentials.forget("work") is True
    assert load("work") is None


def test_the_vault_has_a_name_for_people(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, None)
    assert vault_name() == ""
    use(monkeypatch, Vault())
    assert vault_name() == "key store"


def test_only_vaults_of_the_system_are_considered() -> None:
    """Discovery could pick a file in plain text (keyring issue 370)."""
    modules = {backend.__module__ for backend in credentials._candidates()}
    allowed = {
        "win32": {"keyring.backends.Windows"},
        "darwin": {"keyring.backends.macOS"},
    }.get(sys.platform, {"keyring.backends.SecretService", "keyring.backends.kwallet"})
    assert modules <= allowed


@pytest.mark.parametrize("is_silent", [False, True], ids=["spoilt", "silent"])
def test_keys_that_do_not_come_back_do_not_stay(monkeypatch: pytest.MonkeyPatch, is_silent: bool) -> None:
    """Else it is said that nothing was stored, and half a secret lies there."""
    vault = use(monkeypatch, Spoiling(is_silent=is_silent))
    assert vault is not None
    assert save("work", KEYS) is False
    assert vault.entries == {}
    assert load("work") == KEYS, "memory has to do"


def test_keys_that_do_not_come_back_and_cannot_be_removed_are_said_to_be_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    use(monkeypatch, Spoiling(keeps=True))
    with pytest.raises(CredentialsError, match='The keys "work" could not be removed from key store'):
        save("work", KEYS)
    assert load("work") == KEYS, "memory has to do"


# -- secrets show nowhere -------------------------------------------------------------------------


def test_secrets_show_in_no_text_of_the_keys() -> None:
    shown = [repr(KEYS), str(KEYS), f"{KEYS}", f"{[KEYS]}", KEYS.masked, repr(resolve("default", "source"))]
    for text in shown:
        assert not [secret for secret in KEYS.secrets if secret in text]
        assert KEYS.access_key_id not in text
    assert KEYS.secrets == (KEYS.secret_access_key, KEYS.session_token)


def test_secrets_show_in_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, Vault(broken=True))
    save("work", KEYS)
    credentials._session.clear()
    try:
        resolve("keyring:work", "source")
    except CredentialsError as error:
        text = "".join(traceback.format_exception(error))
    assert not [secret for secret in KEYS.secrets if secret in text]


@pytest.mark.parametrize(
    ("key", "masked"), [("AKIAIOSFODNN7EXAMPLE", "AKIA…PLE"), ("short", "sh…"), ("", "…"), ("x" * 10, "xx…")]
)
def test_key_ids_are_masked(key: str, masked: str) -> None:
    assert Keys(key, "s").masked == masked


# -- which there are ------------------------------------------------------------------------------


def test_names_are_known_to_the_next_process_and_no_key_is_in_their_list(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    vault = use(monkeypatch, Vault())
    assert vault is not None
    save("work", KEYS)
    save("archive", Keys("AKIAOTHEREXAMPLE", "another-secret"))
    credentials._session.clear()
    assert set(credentials.names()) == {"archive", "work", *credentials.USUAL_NAMES}
    (index,) = (text for (service, _), text in vault.entries.items() if service == credentials.INDEX)
    assert json.loads(index) == ["archive", "work"]


def test_a_name_that_was_forgotten_is_not_listed_and_the_last_one_takes_the_list_along(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    vault = use(monkeypatch, Vault())
    assert vault is not None
    for name in ("one", "two"):
        save(name, KEYS)
    credentials.forget("one")
    assert "one" not in credentials.names()
    credentials.forget("two")
    assert vault.entries == {}


@pytest.mark.parametrize("text", ["", "no JSON", "{}", "[1, null]", "3"])
def test_a_damaged_list_of_names_loses_no_keys(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    vault = use(monkeypatch, Vault())
    assert vault is not None
    save("lyve", KEYS)
    vault.entries[credentials.INDEX, credentials.INDEX_NAME] = text
    credentials._session.clear()
    assert "lyve" in credentials.names()
    assert credentials.is_stored("lyve")
    assert save("work", KEYS)
    assert "work" in credentials.names()


def test_keys_count_as_stored_where_only_their_name_could_not_be_listed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Full(Vault):
        def set_password(self, service: str, name: str, value: str) -> None:
            if service == credentials.INDEX:
                raise RuntimeError("too long")
            super().set_password(service, name, value)

    use(monkeypatch, Full())
    assert save("work", KEYS) is True
    credentials._session.clear()
    assert load("work") == KEYS


def test_a_list_of_names_that_cannot_be_read_just_now_is_not_written_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Hiccup(Vault):
        has_hiccup = False

        def get_password(self, service: str, name: str) -> str | None:
            if self.has_hiccup and service == credentials.INDEX:
                raise RuntimeError("no answer in time")
            return super().get_password(service, name)

    vault = Hiccup()
    use(monkeypatch, vault)
    save("archive", KEYS)
    vault.has_hiccup = True
    assert save("work", KEYS)
    vault.has_hiccup = False
    credentials._session.clear()
    assert "archive" in credentials.names()


def test_without_a_vault_only_this_process_s_names_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, None)
    assert credentials.names() == ()
    save("work", KEYS)
    assert credentials.names() == ("work",)
    assert not credentials.is_stored("work")
    credentials.forget_in_session("work")
    assert credentials.names() == ()
    assert load("work") is None
