"""`profile:NAME` and `default`: AWS's own ways to keys, each walked to its end with made-up services.

Nothing of this computer's own AWS configuration is read, and everything stays on loopback.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha1
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from migrator.config import End, Transfer
from migrator.credentials import AwsChain
from migrator.demo.s3server import S3Server
from migrator.engine.ends import check_end, open_s3, sign_in_ends
from migrator.engine.ports import Ports
from migrator.errors import CredentialsError
from migrator.store.memory import MemoryCloud

STATIC = ("AKIASTATIC", "static-secret-0123456789")
ROLE = ("ASIAROLE", "role-secret-0123456789")
RENEWED = ("ASIARENEWED", "renewed-secret-0123456789")
TOKEN = "session-token-0123456789"


def stamp(left: timedelta) -> str:
    return (datetime.now(UTC) + left).strftime("%Y-%m-%dT%H:%M:%SZ")


class Authority(ThreadingHTTPServer):
    """Stands for instance metadata, the container's agent, STS and the SSO portal; remembers what was asked.

    Hands out the first of `keys`; the next one at each further asking, as far as there are more.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.asked: list[str] = []
        self.keys = [ROLE]
        self.last_s = 3600
        self.refuses = False

    def next_keys(self) -> dict[str, str]:
        access, secret = self.keys.pop(0) if len(self.keys) > 1 else self.keys[0]
        return {"access": access, "secret": secret, "until": stamp(timedelta(seconds=self.last_s))}


class _Answer(BaseHTTPRequestHandler):
    server: Authority

    def log_message(self, *_: object) -> None: ...

    def _say(self, body: str, status: int = 200) -> None:
        raw = body.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def do_PUT(self) -> None:
        self._say("metadata-token")

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.refuses:
            self._say(
                "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>"
                "<Message>not yours</Message>"
                "</Error></ErrorResponse>",
                403,
            )
            return
        self.server.asked.append("assume-role")
        keys = self.server.next_keys()
        self._say(
            '<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>'
            f"<AccessKeyId>{keys['access']}</AccessKeyId><SecretAccessKey>{keys['secret']}</SecretAccessKey>"
            f"<SessionToken>{TOKEN}</SessionToken><Expiration>{keys['until']}</Expiration></Credentials>"
            "<AssumedRoleUser><AssumedRoleId>A:b</AssumedRoleId><Arn>arn:aws:sts::1:assumed-role/r/b</Arn>"
            "</AssumedRoleUser></AssumeRoleResult></AssumeRoleResponse>"
        )

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        self.server.asked.append(path)
        if path.endswith("/security-credentials/"):
            self._say("our-role")
            return
        keys = self.server.next_keys()
        if path.startswith("/federation/"):
            until = int((datetime.now(UTC) + timedelta(hours=1)).timestamp() * 1000)
            found = {"accessKeyId": keys["access"], "secretAccessKey": keys["secret"]}
            self._say(json.dumps({"roleCredentials": {**found, "sessionToken": TOKEN, "expiration": until}}))
            return
        self._say(
            json.dumps(
                {
                    "Code": "Success",
                    "AccessKeyId": keys["access"],
                    "SecretAccessKey": keys["secret"],
                    "Token": TOKEN,
                    "Expiration": keys["until"],
                }
            )
        )


@pytest.fixture
def authority() -> Iterator[Authority]:
    with Authority() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def service() -> Iterator[S3Server]:
    cloud = MemoryCloud()
    cloud.create_bucket("photos")
    with S3Server(cloud, dict([STATIC, ROLE, RENEWED])) as server:
        yield server


class Aws:
    """The AWS configuration of somebody, in a directory of its own."""

    def __init__(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        self._config, self._credentials = home / "config", home / "credentials"
        self.cache = home / "sso"
        self.cache.mkdir()
        for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
            monkeypatch.delenv(name, raising=False)
        self.set(AWS_CONFIG_FILE=str(self._config), AWS_SHARED_CREDENTIALS_FILE=str(self._credentials))
        self.set(AWS_EC2_METADATA_DISABLED="true", HOME=str(home), USERPROFILE=str(home))
        monkeypatch.setattr("botocore.credentials.SSOProvider._SSO_TOKEN_CACHE_DIR", str(self.cache))
        monkeypatch.setattr("botocore.tokens.SSOTokenProvider._SSO_TOKEN_CACHE_DIR", str(self.cache))
        monkeypatch.setattr("migrator.store.s3_sso._CACHE", str(self.cache))

    def set(self, **variables: str) -> None:
        for name, value in variables.items():
            self._monkeypatch.setenv(name, value)

    def config(self, text: str) -> None:
        self._config.write_text(text)

    def credentials(self, text: str) -> None:
        self._credentials.write_text(text)

    def signed_in(self, name: str, left: timedelta, **more: str) -> None:
        token = {"accessToken": "sso-token", "expiresAt": stamp(left), **more}
        (self.cache / f"{sha1(name.encode()).hexdigest()}.json").write_text(json.dumps(token))


@pytest.fixture
def aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Aws:
    return Aws(tmp_path, monkeypatch)


def lists(service: S3Server, profile: str = "", times: int = 1) -> list[Any]:
    end = End(provider="aws", bucket="photos", region="us-east-1", endpoint_url=service.url)
    store = open_s3(end, AwsChain(profile), Transfer(threads=1))
    try:
        return [store.list_page("photos", "").objects for _ in range(times)]
    finally:
        store.close()


KEYS = f"aws_access_key_id = {STATIC[0]}\naws_secret_access_key = {STATIC[1]}\n"


def test_a_profile_of_the_credentials_file(aws: Aws, service: S3Server) -> None:
    aws.credentials(f"[default]\naws_access_key_id = x\naws_secret_access_key = y\n[work]\n{KEYS}")
    assert lists(service, "work") == [()]


def test_a_profile_wins_over_keys_in_the_environment(aws: Aws, service: S3Server) -> None:
    aws.credentials(f"[work]\n{KEYS}")
    aws.set(AWS_ACCESS_KEY_ID="AKIAOTHER", AWS_SECRET_ACCESS_KEY="of-somebody-else")
    assert lists(service, "work") == [()]


@pytest.mark.parametrize("where", ["environment", "file"])
def test_default_takes_what_is_there(aws: Aws, service: S3Server, where: str) -> None:
    if where == "file":
        aws.credentials(f"[default]\n{KEYS}")
    else:
        aws.set(AWS_ACCESS_KEY_ID=STATIC[0], AWS_SECRET_ACCESS_KEY=STATIC[1], AWS_SESSION_TOKEN=TOKEN)
    assert lists(service) == [()]


def test_a_program_that_hands_out_keys(aws: Aws, service: S3Server, tmp_path: Path) -> None:
    answer = {
        "Version": 1,
        "AccessKeyId": ROLE[0],
        "SecretAccessKey": ROLE[1],
        "SessionToken": TOKEN,
        "Expiration": stamp(timedelta(hours=1)),
    }
    program = tmp_path / "keys.py"
    program.write_text(f"print({json.dumps(answer)!r})")
    aws.config(f"[profile work]\ncredential_process = {sys.executable} {program}\n")
    assert lists(service, "work") == [()]


def test_a_role_that_is_assumed(aws: Aws, service: S3Server, authority: Authority) -> None:
    aws.credentials(f"[base]\n{KEYS}")
    aws.config(
        "[profile work]\nregion = us-east-1\nrole_arn = arn:aws:iam::123456789012:role/mover\n"
        "source_profile = base\n"
    )
    aws.set(AWS_ENDPOINT_URL_STS=authority.url)
    assert lists(service, "work") == [()]
    assert authority.asked == ["assume-role"]


def test_a_role_that_may_not_be_assumed_is_a_matter_of_credentials(
    aws: Aws, service: S3Server, authority: Authority
) -> None:
    """And not of the bucket, which was never asked."""
    aws.credentials(f"[base]\n{KEYS}")
    aws.config(
        "[profile work]\nregion = us-east-1\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = base\n"
    )
    aws.set(AWS_ENDPOINT_URL_STS=authority.url)
    authority.refuses = True
    with pytest.raises(CredentialsError, match="not yours"):
        lists(service, "work")


def test_the_role_of_an_instance(aws: Aws, service: S3Server, authority: Authority) -> None:
    aws.set(AWS_EC2_METADATA_DISABLED="false", AWS_EC2_METADATA_SERVICE_ENDPOINT=authority.url)
    assert lists(service) == [()]
    assert authority.asked[-1].endswith("/our-role")


def test_the_role_of_a_container(aws: Aws, service: S3Server, authority: Authority) -> None:
    aws.set(AWS_CONTAINER_CREDENTIALS_FULL_URI=f"{authority.url}/container")
    assert lists(service) == [()]


def test_keys_that_run_out_are_renewed_while_a_run_goes_on(
    aws: Aws, service: S3Server, authority: Authority
) -> None:
    aws.set(AWS_CONTAINER_CREDENTIALS_FULL_URI=f"{authority.url}/container")
    authority.keys, authority.last_s = [ROLE, RENEWED], 60  # so short that they are renewed at once
    assert lists(service, times=3) == [()] * 3
    assert len(authority.asked) >= 2


SSO = """
[profile work]
sso_account_id = 123456789012
sso_role_name = mover
region = us-east-1
{how}
[sso-session ours]
sso_start_url = https://ours.awsapps.com/start
sso_region = us-east-1
"""
LEGACY = "sso_start_url = https://ours.awsapps.com/start\nsso_region = us-east-1"
URL = "https://ours.awsapps.com/start"


@pytest.mark.parametrize(("how", "name"), [("sso_session = ours", "ours"), (LEGACY, URL)])
def test_an_sso_sign_in(aws: Aws, service: S3Server, authority: Authority, how: str, name: str) -> None:
    aws.config(SSO.format(how=how))
    aws.signed_in(name, timedelta(hours=8))
    aws.set(AWS_ENDPOINT_URL_SSO=authority.url)
    assert lists(service, "work") == [()]
    assert authority.asked == ["/federation/credentials"]
    until = sign_in_ends("work")
    assert until is not None
    assert timedelta(hours=7) < until - datetime.now(UTC) <= timedelta(hours=8)


def test_a_sign_in_that_renews_itself_does_not_end(aws: Aws) -> None:
    aws.config(SSO.format(how="sso_session = ours"))
    aws.signed_in("ours", timedelta(hours=1), refreshToken="r")
    assert sign_in_ends("work") is None


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"expiresAt": 7}', '{"expiresAt": "soon"}'])
def test_a_damaged_sign_in_ends_nobody_knows_when(aws: Aws, text: str) -> None:
    aws.config(SSO.format(how="sso_session = ours"))
    (aws.cache / f"{sha1(b'ours').hexdigest()}.json").write_text(text)
    assert sign_in_ends("work") is None


@pytest.mark.parametrize("profile", ["", "nobody"])
def test_without_a_sign_in_nothing_ends(aws: Aws, profile: str) -> None:
    assert sign_in_ends(profile) is None


@pytest.mark.parametrize(
    ("config", "profile"),
    [
        ("", "nobody"),
        ("", ""),
        (SSO.format(how="sso_session = ours"), "work"),
        (SSO.format(how="sso_session = missing"), "work"),
        ("[profile work]\naws_access_key_id = only-half\n", "work"),
        ("[profile work]\ncredential_process = /no/such/program\n", "work"),
        ("[profile work]\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = missing\n", "work"),
        ("this is no configuration", "work"),
    ],
)
def test_keys_that_cannot_be_found_are_a_matter_of_credentials(
    aws: Aws, service: S3Server, config: str, profile: str
) -> None:
    """Not of the bucket, nor of the network: the window marks the field, the command line exits with 2."""
    aws.config(config)
    with pytest.raises(CredentialsError) as caught:
        lists(service, profile)
    assert "Check the profile" in str(caught.value)
    end = End(provider="aws", bucket="photos", region="us-east-1", endpoint_url=service.url)
    found = check_end(end, "source", AwsChain(profile), Ports())
    assert (found.ok, found.field) == (False, "source.credentials")


def test_a_sign_in_that_ended_is_a_matter_of_credentials(aws: Aws, service: S3Server) -> None:
    aws.config(SSO.format(how="sso_session = ours"))
    aws.signed_in("ours", timedelta(hours=-1))
    with pytest.raises(CredentialsError, match="aws sso login"):
        lists(service, "work")
