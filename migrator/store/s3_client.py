"""The SDK's client for one end, configured from facts instead of the SDK's defaults.

* path-style addressing and no default checksums off AWS: Lyve Cloud is path-style only, and third-party
  services refuse or store the SDK's checksum trailers (boto3 issues 4392, 4435);
* answers to ranged reads are not checksum-validated: Lyve Cloud sends the whole object's checksum;
* one send for each call (`total_max_attempts=1`): patience is `store.patience`'s, in one place;
* every wait bounded; one client for each end, shared by all threads, its pool as large as they are many;
* neither the SDK nor what is below it ever logs below warnings: its DEBUG lines hold signatures and tokens;
* endpoint URLs from the environment are ignored: the job file alone says where data goes.
"""

from __future__ import annotations

import logging
from typing import Any

import boto3
from botocore.config import Config
from botocore.loaders import create_loader
from botocore.session import Session as BotocoreSession

from migrator.redacting import learn
from migrator.store import s3_wire
from migrator.store.connection import (
    AGENT,
    ANY_REGION,
    CONNECT_TIMEOUT_S,
    READ_TIMEOUT_S,
    Connection,
    usual_ca_bundle,
)
from migrator.store.s3_peers import look_at_peers

for _name in ("boto3", "botocore", "urllib3", "s3transfer"):
    # Also where whoever embeds us turned on DEBUG for everything.
    logging.getLogger(_name).setLevel(logging.WARNING)

#: Reads the SDK's descriptions of services; kept, because that takes longer than making a client of them.
_LOADER = create_loader()


def _new_session() -> BotocoreSession:
    """Of its own for each client: a session keeps the keys that it found."""
    session = BotocoreSession()
    if not session.get_config_variable("data_path"):
        session.register_component("data_loader", _LOADER)
    return session


def make_client(connection: Connection) -> Any:
    """Nothing is sent yet."""
    is_custom = bool(connection.endpoint_url)
    session = boto3.session.Session(profile_name=connection.profile or None, botocore_session=_new_session())
    # Never left to the SDK: an empty AWS_CA_BUNDLE or REQUESTS_CA_BUNDLE makes it trust everybody, and the
    # clients that it makes by itself for roles and sign-ins likewise.
    certificates = session._session.get_config_variable("ca_bundle") or usual_ca_bundle()
    session._session.set_config_variable("ca_bundle", certificates)
    access, secret, token = connection.keys or (None, None, None)
    s3_options: dict[str, Any] = {
        "addressing_style": "auto" if connection.is_aws and not is_custom else "path",
        # Content-MD5 goes with every body: hashing it again for the signature would only cost CPU.
        "payload_signing_enabled": False,
    }
    config = Config(
        region_name=connection.region or None,
        signature_version="s3v4",
        s3=s3_options,
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        retries={"total_max_attempts": 1, "mode": "standard"},
        connect_timeout=CONNECT_TIMEOUT_S,
        read_timeout=READ_TIMEOUT_S,
        max_pool_connections=connection.threads + 4,
        tcp_keepalive=True,
        ignore_configured_endpoint_urls=True,
        proxies={} if s3_wire.is_loopback_url(connection.endpoint_url) else None,
        user_agent_extra=AGENT,
    )
    client = session.client(
        "s3",
        region_name=connection.region or session.region_name or ANY_REGION,
        endpoint_url=connection.endpoint_url or None,
        aws_access_key_id=access,
        aws_secret_access_key=secret,
        aws_session_token=token or None,
        verify=connection.ca_file or certificates,
        config=config,
    )
    look_at_peers(client)
    if is_custom:
        client.meta.events.register_last("before-parameter-build.s3", _ask_once)
    if connection.keys is None:
        _learn_what_the_chain_finds(client)
    return client


def _ask_once(model: Any, context: dict[str, Any], **_: Any) -> None:
    """To a redirect without a region the SDK asks for the bucket, to find out; and when that is redirected
    too, asks again, as deep as calls go."""
    if model.name == "HeadBucket" and "s3_redirect" in context:
        context["s3_redirect"]["redirected"] = True


def _learn_what_the_chain_finds(client: Any) -> None:
    """Keys of profiles, roles and sign-ins are the SDK's business, and renewed by it: all are secrets."""
    newest: list[Any] = [None]

    def before_sign(request_signer: Any, **_: Any) -> None:
        keys = request_signer._credentials  # there is no other way to them
        if keys is None:
            return
        frozen = keys.get_frozen_credentials()
        if frozen is not newest[0]:
            newest[0] = frozen
            learn(frozen.secret_key or "", frozen.token or "")

    client.meta.events.register("before-sign.s3", before_sign)
