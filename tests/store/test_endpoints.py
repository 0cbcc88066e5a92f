"""Whom we talk to, on both data planes: certificates always hold, nobody sends us elsewhere, no metadata."""

from __future__ import annotations

import gc
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from ipaddress import ip_network
from pathlib import Path

import pytest

from migrator.errors import MigratorError, Rejected, Unreachable
from migrator.model import addresses
from migrator.store.base import ObjectStore
from migrator.store.connection import Connection
from migrator.store.fast.store import FastStore
from migrator.store.s3 import S3Store
from migrator.store.s3_wire import is_loopback_url
from tests.store.fast.asking import connection_to, get, listed, ok, put
from tests.support.scripted import Reply, Request, Scripted, reply

pytestmark = pytest.mark.hostile

Make = Callable[..., ObjectStore]
ASKING = {"GET": get, "PUT": put, "listing": listed}


@pytest.fixture(params=[FastStore, S3Store], ids=["ours", "sdk"])
def open_store(request: pytest.FixtureRequest) -> Iterator[Make]:
    with ExitStack() as stack:

        def opened(url: str, **more: str) -> ObjectStore:
            connection: Connection = connection_to(url, **more)
            store: ObjectStore = request.param(connection)
            stack.callback(store.close)
            return store

        yield opened


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Self-signed, for 127.0.0.1; with its key in one file."""
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test"
    more = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(path), "-out", str(path) + ".cert"]
    try:
        subprocess.run([*command.split(), *more], check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("there is no openssl")
    path.write_text(path.read_text() + Path(f"{path}.cert").read_text())
    return path


@pytest.fixture
def tls_server(certificate: Path) -> Iterator[Scripted]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with Scripted(ok, context) as server:
        yield server


# -- certificates ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["nothing", "AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "PYTHONHTTPSVERIFY"])
@pytest.mark.parametrize("how", ASKING)
def test_no_variable_switches_off_the_look_at_certificates(
    tls_server: Scripted, open_store: Make, name: str, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The SDK by itself would trust everybody where a variable for its certificates is set to nothing."""
    monkeypatch.setenv(name, "0" if name.startswith("PYTHON") else "")
    with pytest.raises(Unreachable) as caught:
        ASKING[how](open_store(tls_server.url))
    assert caught.value.code == "TLS"
    assert tls_server.requests == []


def test_no_profile_switches_it_off(
    tls_server: Scripted, open_store: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config"
    config.write_text("[default]\nca_bundle =\nregion = us-east-1\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    with pytest.raises(Unreachable) as caught:
        get(open_store(tls_server.url))
    assert caught.value.code == "TLS"


@pytest.mark.parametrize("name", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"])
def test_a_variable_may_say_who_is_trusted(
    tls_server: Scripted, open_store: Make, certificate: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, f"{certificate}.cert")
    get(open_store(tls_server.url))
    assert len(tls_server.requests) == 1


def test_the_jobs_ca_file_wins_over_the_environment(
    tls_server: Scripted, open_store: Make, certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "none"))
    get(open_store(tls_server.url, ca_file=f"{certificate}.cert"))
    assert len(tls_server.requests) == 1


# -- redirects ------------------------------------------------------------------------------------


@pytest.fixture
def collects_here() -> Iterator[None]:
    """The SDK leaves it to the collector to close the connection of a redirect: not in a test of others."""
    yield
    gc.collect()


@pytest.mark.usefixtures("collects_here")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("how", ASKING)
def test_nothing_is_sent_where_a_redirect_points(open_store: Make, how: str, status: int) -> None:
    with Scripted(ok) as elsewhere:

        def redirect(request: Request) -> Reply:
            return reply(request, status, b"", location=f"{elsewhere.url}{request.target}")

        with Scripted(redirect) as server:
            with pytest.raises(MigratorError):
                ASKING[how](open_store(server.url))
            assert 1 <= len(server.requests) <= 3, "asked by us, by the SDK, and once for the region"
        assert elsewhere.requests == []


@pytest.mark.parametrize("region", ["eu-west-1", "evil.example/", "@evil.example", "x.example#", "../.."])
@pytest.mark.parametrize("how", ASKING)
def test_a_region_out_of_an_answer_leads_nowhere_else(open_store: Make, how: str, region: str) -> None:
    """The SDK asks again with it: at the same place, whatever it says."""
    body = f"<Error><Code>PermanentRedirect</Code><Endpoint>{region}</Endpoint></Error>".encode()

    def redirect(request: Request) -> Reply:
        return reply(request, 301, body, x_amz_bucket_region=region)

    with Scripted(redirect) as server:
        with pytest.raises(MigratorError):
            ASKING[how](open_store(server.url))
        assert {request.headers["host"] for request in server.requests} == {server.url.rpartition("/")[2]}


@pytest.mark.parametrize(
    ("url", "yes"),
    [
        ("http://127.0.0.1:9000", True),
        ("https://127.255.0.1", True),
        ("http://localhost", True),
        ("http://[::1]:9000", True),
        ("https://127.evil.example", False),
        ("https://127.0.0.1.evil.example", False),
        ("https://localhost.evil.example", False),
        ("", False),
    ],
)
def test_what_begins_like_this_computer_is_not_taken_for_it(url: str, yes: bool) -> None:
    """Proxies are passed by on the way to this computer alone."""
    assert is_loopback_url(url) is yes


# -- metadata services ----------------------------------------------------------------------------


@pytest.mark.parametrize("how", ASKING)
def test_nothing_is_sent_to_a_link_local_address_that_a_name_leads_to(
    open_store: Make, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Scripted(ok) as server:
        url = server.url.replace("127.0.0.1", "localhost")
        store = open_store(url)
        # No test can have a server at such an address: for this one, loopback is where metadata is.
        loopback = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
        monkeypatch.setattr(addresses, "_REFUSED", loopback)
        with pytest.raises(Rejected, match="link-local") as caught:
            ASKING[how](store)
        assert caught.value.code == "LinkLocal"
        assert not caught.value.is_transient
        assert server.requests == []


@pytest.mark.parametrize(
    ("address", "yes"),
    [
        ("169.254.169.254", True),
        ("169.254.0.1", True),
        ("fe80::1", True),
        ("fe80::1%eth0", True),
        ("febf::1", True),
        ("fd00:ec2::254", True),
        ("::ffff:169.254.169.254", True),
        ("::ffff:a9fe:a9fe", True),
        ("2002:a9fe:a9fe::1", True),
        ("64:ff9b::a9fe:a9fe", True),
        ("169.253.255.255", False),
        ("169.255.0.0", False),
        ("127.0.0.1", False),
        ("::1", False),
        ("10.0.0.1", False),
        ("fec0::1", False),
        ("fd00:ec2::253", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::a00:1", False),
        ("s3.example.com", False),
        ("", False),
    ],
)
def test_which_addresses_are_those_of_metadata_services(address: str, yes: bool) -> None:
    assert addresses.is_metadata_address(address) is yes


@pytest.mark.parametrize(
    ("host", "yes"),
    [
        ("2852039166", True),
        ("0xa9fea9fe", True),
        ("0XA9.0xFE.0xA9.0xFE", True),
        ("0251.0376.0251.0376", True),
        ("127.1", True),
        ("1.2.3.4.5", True),
        ("192.0.2.10.", True),
        ("example.7", True),
        ("192.0.2.10", False),
        ("s3.example.com", False),
        ("7.example", False),
        ("0xample", False),
        ("::1", False),
    ],
)
def test_addresses_that_hide_what_they_are(host: str, yes: bool) -> None:
    assert addresses.is_odd_address(host) is yes
