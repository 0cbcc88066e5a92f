"""Variables that change where traffic goes: shown without passwords, and named in the job or refused."""

from __future__ import annotations

from typing import Any

import pytest

from migrator.config import job_from
from migrator.environment import Place, is_redirecting, must_be_accepted, not_accepted, variables
from migrator.errors import EnvironmentNotAccepted, JobFileError
from migrator.model.events import Warned
from migrator.model.ledger import Outcome
from tests.support.world import JOB

pytestmark = pytest.mark.hostile

FAR = Place("https://s3.example.com", "keyring:x")
AWS = Place("", "keyring:x")
NEAR = Place("http://127.0.0.1:9000", "keyring:x")
NEAR_WITH_CHAIN = Place("http://127.0.0.1:9000", "default")

REDIRECTING = [
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
    "AWS_ENDPOINT_URL_STS",
    "AWS_ENDPOINT_URL_SSO_OIDC",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT",
    "SSLKEYLOGFILE",
]
ONLY_SHOWN = ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR", "OPENSSL_CONF"]
HARMLESS = ["PATH", "NO_PROXY", "no_proxy", "AWS_PROFILE", "AWS_REGION", "MY_HTTPS_PROXY_2", "AWS_ENDPOINT"]


@pytest.mark.parametrize("place", [FAR, AWS, NEAR_WITH_CHAIN], ids=["far", "aws", "chain"])
@pytest.mark.parametrize("name", REDIRECTING)
def test_what_redirects_has_to_be_named(name: str, place: Place) -> None:
    environment = {name: "http://10.0.0.1:3128", "PATH": "/bin"}
    with pytest.raises(EnvironmentNotAccepted) as caught:
        must_be_accepted([NEAR, place], [], environment)
    assert caught.value.names == (name,)
    assert f"{name} = http://10.0.0.1:3128" in caught.value.message
    assert f'accept = ["{name}"]' in caught.value.advice
    (told,) = must_be_accepted([place], [name], environment)
    assert f"{name} = http://10.0.0.1:3128" in told
    assert is_redirecting(name)


@pytest.mark.parametrize("name", REDIRECTING)
def test_nothing_redirects_what_stays_on_this_computer(name: str) -> None:
    assert must_be_accepted([NEAR, NEAR], [], {name: "http://10.0.0.1"}) == []


@pytest.mark.parametrize("name", ONLY_SHOWN)
def test_who_is_trusted_is_only_shown(name: str) -> None:
    (told,) = must_be_accepted([FAR], [], {name: "/etc/ca.pem"})
    assert f"{name} = /etc/ca.pem" in told
    assert not is_redirecting(name)


@pytest.mark.parametrize("name", HARMLESS)
def test_other_variables_are_not_spoken_of(name: str) -> None:
    assert variables({name: "http://10.0.0.1"}) == []


@pytest.mark.parametrize("value", ["", " ", "\t"])
def test_an_empty_variable_is_none(value: str) -> None:
    assert not_accepted([FAR], [], {"HTTPS_PROXY": value}) == []


def test_every_one_is_told_at_once_with_the_line_to_write() -> None:
    environment = {"HTTPS_PROXY": "a:1", "HTTP_PROXY": "b:2", "ALL_PROXY": "c:3"}
    with pytest.raises(EnvironmentNotAccepted) as caught:
        must_be_accepted([FAR], ["HTTP_PROXY"], environment)
    assert caught.value.names == ("ALL_PROXY", "HTTPS_PROXY")
    assert 'accept = ["HTTP_PROXY", "ALL_PROXY", "HTTPS_PROXY"]' in caught.value.advice


def test_the_case_of_a_name_does_not_matter() -> None:
    assert not_accepted([FAR], ["HTTPS_PROXY"], {"https_proxy": "a:1"}) == []


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("http://me:secret@proxy:3128", "http://***@proxy:3128"),
        ("me:secret@proxy:3128", "***@proxy:3128"),
        ("http://me@proxy", "http://***@proxy"),
        ("socks5h://a:b@c@proxy:1", "socks5h://***@proxy:1"),
        ("//u:p@proxy", "//***@proxy"),
        ("http://proxy:3128/a@b", "http://proxy:3128/a@b"),
        ("/tmp/keys\n\x1b[31m", "/tmp/keys\\u{a}\\u{1b}[31m"),
    ],
)
def test_passwords_and_tricks_are_not_shown(value: str, shown: str) -> None:
    (found,) = variables({"HTTPS_PROXY": value})
    assert found.value == shown


@pytest.mark.parametrize(
    "accept", ["HTTPS_PROXY", 3, [3], ["A B"], [""], ["A=B"], ["\x1b[31m"], {"HTTPS_PROXY": True}]
)
def test_what_is_no_list_of_names_is_refused(accept: Any) -> None:
    with pytest.raises(JobFileError, match=r"environment\.accept"):
        job_from({**JOB, "environment": {"accept": accept}})


# -- within runs ----------------------------------------------------------------------------------


def test_a_run_is_refused_before_anything_is_written(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    world.seed("a")
    end = world.run()
    assert (end.outcome, end.exit_code, end.cause) == (Outcome.REFUSED, 3, "environment")
    assert "HTTPS_PROXY" in end.message
    assert world.there == {}
    assert not (world.root / "runs").exists()


def test_a_run_that_names_it_goes_on_and_tells(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    world.seed("a")
    end = world.set("environment", accept=["HTTPS_PROXY"]).run()
    assert end.outcome is Outcome.COMPLETED
    (told,) = [each for each in world.of(Warned) if each.code == "environment"]
    assert "http://proxy.example:3128" in told.message


@pytest.mark.parametrize("command", ["resume", "rollback", "accept", "verify", "check"])
def test_every_command_that_reaches_an_end_looks(
    world: Any, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    world.seed("a")
    world.run()
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://proxy.example:3128")
    if command == "check":
        end = world.engine().check(world.job)
    else:
        end = getattr(world.engine(), command)("latest")
    if command == "accept":  # nothing was kept, so no end is reached
        assert end.exit_code == 0
    else:
        assert (end.exit_code, end.cause) == (3, "environment")
