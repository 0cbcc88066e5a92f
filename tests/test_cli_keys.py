"""`keys set|test|forget`: what is stored, what is said, and that no secret is said."""

from __future__ import annotations

import getpass
import io
import json
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from migrator import credentials
from migrator.cli import run_command_line
from migrator.credentials import Keys, load
from migrator.demo.s3server import S3Server
from migrator.store.memory import MemoryCloud
from tests.test_credentials import Deaf, Spoiling, Vault

ACCESS, SECRET, TOKEN = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPx", "FwoGZXIvYXdzEBYaDG=="


@pytest.fixture(autouse=True)
def vault(monkeypatch: pytest.MonkeyPatch) -> Vault:
    made = Vault()
    monkeypatch.setattr(credentials, "_session", {})
    monkeypatch.setattr(credentials, "_vault", lambda: made)
    return made


def feed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


def stored(name: str) -> Keys | None:
    """As another process would find them."""
    credentials._session.clear()
    return load(name)


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        (f"{ACCESS}\n{SECRET}\n", Keys(ACCESS, SECRET)),
        (f"{ACCESS}\r\n{SECRET}", Keys(ACCESS, SECRET)),
        (f"  {ACCESS} \n{SECRET}\n{TOKEN}\n", Keys(ACCESS, SECRET, TOKEN)),
    ],
)
def test_keys_come_from_standard_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], text: str, keys: Keys
) -> None:
    feed(monkeypatch, text)
    assert run_command_line(["keys", "set", "lyve"]) == 0
    assert stored("lyve") == keys
    said = "".join(capsys.readouterr())
    assert 'credentials = "keyring:lyve"' in said
    assert "AKIA…PLE" in said
    assert not [each for each in (ACCESS, SECRET, TOKEN) if each in said]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_the_secret_does_not_show(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(f"{ACCESS}\n"))
    asked: list[str] = []
    answers = iter([SECRET, TOKEN])

    def hidden(prompt: str) -> str:
        asked.append(prompt)
        return next(answers)

    monkeypatch.setattr(getpass, "getpass", hidden)
    assert run_command_line(["keys", "set", "aws"]) == 0
    assert stored("aws") == Keys(ACCESS, SECRET, TOKEN)
    assert len(asked) == 2
    out, err = capsys.readouterr()
    assert "Access key ID" in err
    assert "Access key ID" not in out


def test_a_terminal_that_would_show_the_secret_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(f"{ACCESS}\n"))

    def showing(_: str) -> str:
        warnings.warn("Can not control echo", getpass.GetPassWarning, stacklevel=2)
        return SECRET

    monkeypatch.setattr(getpass, "getpass", showing)
    assert run_command_line(["keys", "set", "aws"]) == 2
    assert stored("aws") is None
    assert "would show the secret" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "each on a line"),
        (f"{ACCESS}\n", "each on a line"),
        (f"{ACCESS}\n{SECRET}\n{TOKEN}\nmore\n", "each on a line"),
        ("x" * 20_000 + f"\n{SECRET}\n", "each on a line"),
        (f"two words\n{SECRET}\n", "access key ID contains a space"),
        (f"{ACCESS}\n{SECRET}\x1b[2J\n", "secret access key contains a control character"),
        (f"{ACCESS}\n{SECRET}\nto ken\n", "session token contains a space"),
        (f"ключ\n{SECRET}\n", "letter that no key has"),
    ],
)
def test_what_are_no_keys_is_not_stored_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], text: str, says: str
) -> None:
    feed(monkeypatch, text)
    assert run_command_line(["keys", "set", "aws"]) == 2
    said = capsys.readouterr().err
    assert says in said
    assert SECRET not in said
    assert stored("aws") is None


@pytest.mark.parametrize("name", ["", " ", "a:b", " aws", "a\nb", "\u202eaws", "x" * 201])
@pytest.mark.parametrize("action", ["set", "test", "forget"])
def test_a_name_that_no_job_could_say_is_refused(
    action: str, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command_line(["keys", action, name]) == 2
    assert "is not a name for keys" in capsys.readouterr().err


@pytest.mark.parametrize("vault_there", [None, Deaf()], ids=["none", "deaf"])
def test_without_a_vault_nothing_is_claimed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], vault_there: Vault | None
) -> None:
    monkeypatch.setattr(credentials, "_vault", lambda: vault_there)
    feed(monkeypatch, f"{ACCESS}\n{SECRET}\n")
    assert run_command_line(["keys", "set", "aws"]) == 2
    assert "nothing was stored" in capsys.readouterr().err


def test_keys_that_the_vault_spoils_and_keeps_are_not_said_to_be_nowhere(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(credentials, "_vault", lambda: Spoiling(keeps=True))
    feed(monkeypatch, f"{ACCESS}\n{SECRET}\n")
    assert run_command_line(["keys", "set", "aws"]) == 2
    said = capsys.readouterr().err
    assert "could not be removed" in said
    assert "by hand" in said
    assert "nothing was stored" not in said.lower()


def test_several_sets_of_keys_live_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("aws", "lyve", "archive 2"):
        feed(monkeypatch, f"ID-{name.replace(' ', '')}\n{SECRET}\n")
        assert run_command_line(["keys", "set", name]) == 0
    assert run_command_line(["keys", "forget", "lyve"]) == 0
    assert (stored("aws"), stored("lyve")) == (Keys("ID-aws", SECRET), None)
    assert stored("archive 2") == Keys("ID-archive2", SECRET)


def test_forgetting_says_what_was_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], vault: Vault
) -> None:
    feed(monkeypatch, f"{ACCESS}\n{SECRET}\n")
    run_command_line(["keys", "set", "aws"])
    capsys.readouterr()
    for were_there in (True, False):
        assert run_command_line(["keys", "forget", "aws", "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert (told["event"], told["name"], told["were_there"]) == ("keys", "aws", were_there)
    assert vault.entries == {}


def test_a_vault_that_refuses_to_forget_is_no_success(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(credentials, "_vault", lambda: Vault(broken=True))
    assert run_command_line(["keys", "forget", "aws"]) == 2
    assert "could not be removed" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "tomorrow", "2026-13-01"])
def test_an_expiry_that_is_no_moment_is_refused(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        run_command_line(["keys", "set", "aws", "--expires", text])
    assert caught.value.code == 2
    assert "is not a moment" in capsys.readouterr().err


# -- keys test ------------------------------------------------------------------------------------


@pytest.fixture
def server() -> Iterator[S3Server]:
    cloud = MemoryCloud()
    cloud.create_bucket("photos")
    with S3Server(cloud, {ACCESS: SECRET}) as server:
        yield server


def test_accepted_keys_are_said_to_be(server: S3Server, capsys: pytest.CaptureFixture[str]) -> None:
    credentials.save("aws", Keys(ACCESS, SECRET))
    assert run_command_line(["keys", "test", "aws", "--endpoint-url", server.url]) == 0
    assert "accepts the keys aws: 1 bucket listed" in capsys.readouterr().out


def test_refused_keys_are_said_to_be(server: S3Server, capsys: pytest.CaptureFixture[str]) -> None:
    credentials.save("aws", Keys(ACCESS, "wrong-secret"))
    assert run_command_line(["keys", "test", "aws", "--endpoint-url", server.url, "--json"]) == 2
    out = capsys.readouterr().out
    assert json.loads(out)["ok"] is False
    assert "secret key" in json.loads(out)["message"]
    assert "wrong-secret" not in out


def test_keys_are_tried_where_a_job_says(
    server: S3Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    credentials.save("here", Keys(ACCESS, SECRET))
    job = tmp_path / "job.toml"
    end = f'provider = "s3"\nendpoint_url = "{server.url}"\n'
    job.write_text(
        f'version = 1\n[source]\n{end}bucket = "photos"\ncredentials = "keyring:here"\n'
        f'[destination]\n{end}bucket = "copy"\ncredentials = "keyring:there"\n'
    )
    assert run_command_line(["keys", "test", "here", "--job", str(job)]) == 0
    capsys.readouterr()
    credentials.save("else", Keys(ACCESS, SECRET))
    assert run_command_line(["keys", "test", "else", "--job", str(job)]) == 2
    assert "Neither end" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--endpoint-url", "http://example.com"], "--endpoint-url: would send data over http"),
        (["--endpoint-url", "nowhere"], "--endpoint-url"),
        (["--endpoint-url", "https://user:pass@example.com"], "must not contain a user name"),
        (["--region", "No Region"], "--region"),
    ],
)
def test_where_keys_are_not_tried(options: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    credentials.save("aws", Keys(ACCESS, SECRET))
    assert run_command_line(["keys", "test", "aws", *options]) == 2
    said = capsys.readouterr().err
    assert says in said
    assert "pass@" not in said


def test_keys_that_are_not_there_cannot_be_tried(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(["keys", "test", "aws"]) == 2
    assert "migrator keys set aws" in capsys.readouterr().err
