"""The S3 server of the demo as a client sees it: operations, life and death, the log.

What the operations mean is the contract suite's business (`tests/store`).
"""

from __future__ import annotations

import base64
import json
import os
import socket
import subprocess
import sys
import zlib
from collections.abc import Callable
from contextlib import closing
from hashlib import md5
from threading import Thread
from typing import Any

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    EndpointConnectionError,
)

from migrator.demo.faults import Fault
from migrator.demo.s3server import Request, S3Server
from migrator.model.objects import Properties
from migrator.store.base import Versioning
from migrator.store.memory import MemoryCloud
from tests.demo.conftest import BUCKET, code_of
from tests.store.keepers import client_of, wait_until


class TestOperations:
    """Those the contract suite does not reach."""

    def test_buckets_come_and_go(self, client: Any, cloud: MemoryCloud) -> None:
        where = {"LocationConstraint": "eu-west-1"}
        client.create_bucket(Bucket="europe", CreateBucketConfiguration=where)
        assert client.get_bucket_location(Bucket="europe")["LocationConstraint"] == "eu-west-1"
        assert client.get_bucket_location(Bucket=BUCKET)["LocationConstraint"] is None
        assert client.head_bucket(Bucket="europe")["BucketRegion"] == "eu-west-1"
        assert code_of(lambda: client.create_bucket(Bucket="europe")) == ("BucketAlreadyOwnedByYou", 409)
        client.put_object(Bucket="europe", Key="key")
        assert code_of(lambda: client.delete_bucket(Bucket="europe")) == ("BucketNotEmpty", 409)
        client.delete_object(Bucket="europe", Key="key")
        client.delete_bucket(Bucket="europe")
        assert [name for name, _ in cloud.buckets()] == [BUCKET]

    def test_versions_are_listed_newest_first(self, client: Any) -> None:
        client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        for key in ("b", "a", "a"):
            client.put_object(Bucket=BUCKET, Key=key, Body=b"x")
        client.delete_object(Bucket=BUCKET, Key="a")
        answer = client.list_object_versions(Bucket=BUCKET)
        assert [(each["Key"], each["IsLatest"]) for each in answer["DeleteMarkers"]] == [("a", True)]
        assert [(each["Key"], each["IsLatest"]) for each in answer["Versions"]] == [
            ("a", False),
            ("a", False),
            ("b", True),
        ]
        pages = client.get_paginator("list_object_versions").paginate(
            Bucket=BUCKET, PaginationConfig={"PageSize": 1}
        )
        seen = [
            each["VersionId"]
            for page in pages
            for each in page.get("DeleteMarkers", []) + page.get("Versions", [])
        ]
        expected = [each["VersionId"] for each in answer["DeleteMarkers"] + answer["Versions"]]
        assert seen == expected

    def test_a_marker_names_itself(self, client: Any, cloud: MemoryCloud) -> None:
        cloud.set_versioning(BUCKET, Versioning.ENABLED)
        cloud.seed(BUCKET, "key")
        marker = client.delete_object(Bucket=BUCKET, Key="key")
        assert marker["DeleteMarker"] is True
        with pytest.raises(ClientError) as caught:
            client.head_object(Bucket=BUCKET, Key="key")
        headers = caught.value.response["ResponseMetadata"]["HTTPHeaders"]
        assert headers["x-amz-delete-marker"] == "true"
        assert headers["x-amz-version-id"] == marker["VersionId"]
        ask = lambda: client.get_object(Bucket=BUCKET, Key="key", VersionId=marker["VersionId"])  # noqa: E731
        assert code_of(ask) == ("MethodNotAllowed", 405)

    def test_many_deletes_at_once(self, client: Any, cloud: MemoryCloud) -> None:
        for key in ("a", "b", "c"):
            cloud.seed(BUCKET, key)
        wanted = {"Objects": [{"Key": "a"}, {"Key": "c"}, {"Key": "nothing"}]}
        answer = client.delete_objects(Bucket=BUCKET, Delete=wanted)
        assert [each["Key"] for each in answer["Deleted"]] == ["a", "c", "nothing"]
        assert list(cloud.contents(BUCKET)) == ["b"]

    def test_many_deletes_are_checked(self, client: Any, cloud: MemoryCloud) -> None:
        cloud.seed(BUCKET, "a")

        def spoil(request: Any, **_: object) -> None:
            del request.headers["x-amz-checksum-crc32"]
            request.headers["x-amz-checksum-crc32"] = base64.b64encode(b"\0\0\0\0").decode()

        client.meta.events.register("before-sign.s3.DeleteObjects", spoil)
        wanted = {"Objects": [{"Key": "a"}]}
        assert code_of(lambda: client.delete_objects(Bucket=BUCKET, Delete=wanted)) == ("BadDigest", 400)
        assert list(cloud.contents(BUCKET)) == ["a"]

    def test_a_checksum_of_the_body_is_verified(self, client: Any) -> None:
        good = base64.b64encode(zlib.crc32(b"bytes").to_bytes(4, "big")).decode()
        client.put_object(Bucket=BUCKET, Key="key", Body=b"bytes", ChecksumCRC32=good)
        bad = lambda: client.put_object(Bucket=BUCKET, Key="key", Body=b"other", ChecksumCRC32=good)  # noqa: E731
        assert code_of(bad) == ("BadDigest", 400)

    def test_copies_carry_headers_and_tags(self, client: Any, cloud: MemoryCloud) -> None:
        properties = Properties(content_type="text/plain", metadata={"a": "1"}, tags={"t": "x y"})
        etag = cloud.seed(BUCKET, "a b+c", b"bytes", properties).etag
        source = {"Bucket": BUCKET, "Key": "a b+c"}
        answer = client.copy_object(Bucket=BUCKET, Key="copy", CopySource=source, CopySourceIfMatch=etag)
        assert answer["CopyObjectResult"]["ETag"] == f'"{etag}"'
        head = cloud.head(BUCKET, "copy")
        assert (head.properties.content_type, head.properties.metadata) == ("text/plain", {"a": "1"})
        assert cloud.tags(BUCKET, "copy") == {"t": "x y"}
        copy = lambda: client.copy_object(  # noqa: E731
            Bucket=BUCKET, Key="copy", CopySource=source, CopySourceIfMatch="0" * 32
        )
        assert code_of(copy) == ("PreconditionFailed", 412)

    def test_copied_parts_are_checked(self, server: S3Server, client: Any, cloud: MemoryCloud) -> None:
        cloud.seed(BUCKET, "key", b"bytes")
        upload_id = cloud.create_upload(BUCKET, "copy", Properties())
        source = {"Bucket": BUCKET, "Key": "key"}

        def copy(number: int, span: str) -> dict[str, Any]:
            answer: dict[str, Any] = client.upload_part_copy(
                Bucket=BUCKET,
                Key="copy",
                UploadId=upload_id,
                PartNumber=number,
                CopySource=source,
                CopySourceRange=span,
            )
            return answer

        part = copy(1, "bytes=1-3")["CopyPartResult"]
        assert part["ETag"] == f'"{md5(b"yte").hexdigest()}"'
        assert code_of(lambda: copy(10_001, "bytes=0-1")) == ("InvalidArgument", 400)
        assert code_of(lambda: copy(2, "bytes=3-9")) == ("InvalidRange", 416)
        assert [each.number for each in cloud.list_parts(BUCKET, "copy", upload_id)] == [1]
        assert server.operations() == ["UploadPartCopy"] * 3

    def test_a_lock_is_told(self, client: Any, cloud: MemoryCloud) -> None:
        ask = lambda: client.get_object_lock_configuration(Bucket=BUCKET)  # noqa: E731
        assert code_of(ask) == ("ObjectLockConfigurationNotFoundError", 404)
        cloud.set_versioning(BUCKET, Versioning.ENABLED)
        cloud.set_lock(BUCKET, mode="GOVERNANCE", days=3)
        rule = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 3}}
        expected = {"ObjectLockEnabled": "Enabled", "Rule": rule}
        assert ask()["ObjectLockConfiguration"] == expected

    def test_a_locked_version_is_denied_and_says_why(self, client: Any, cloud: MemoryCloud) -> None:
        """S3 has no code for it: only the message tells a lock from a missing right."""
        cloud.set_versioning(BUCKET, Versioning.ENABLED)
        cloud.set_lock(BUCKET)
        held = cloud.seed(BUCKET, "held").version_id
        cloud.hold(BUCKET, "held")
        with pytest.raises(ClientError) as caught:
            client.delete_object(Bucket=BUCKET, Key="held", VersionId=held)
        assert caught.value.response["Error"]["Code"] == "AccessDenied"
        assert "object lock" in caught.value.response["Error"]["Message"]
        wanted = {"Objects": [{"Key": "held", "VersionId": held}], "Quiet": True}
        answer = client.delete_objects(Bucket=BUCKET, Delete=wanted)
        assert [(each["Key"], each["Code"]) for each in answer["Errors"]] == [("held", "AccessDenied")]
        assert "Deleted" not in answer
        assert list(cloud.contents(BUCKET)) == ["held"]

    @pytest.mark.parametrize("count", [0, 1001])
    def test_a_batch_has_a_size(self, client: Any, cloud: MemoryCloud, count: int) -> None:
        cloud.seed(BUCKET, "key")
        wanted = {"Objects": [{"Key": "key"}] * count}
        assert code_of(lambda: client.delete_objects(Bucket=BUCKET, Delete=wanted)) == ("MalformedXML", 400)
        assert list(cloud.contents(BUCKET)) == ["key"]

    def test_readers_who_have_it_already(self, client: Any, cloud: MemoryCloud) -> None:
        etag = cloud.seed(BUCKET, "key", b"bytes").etag
        ask = lambda: client.get_object(Bucket=BUCKET, Key="key", IfNoneMatch=etag)  # noqa: E731
        assert code_of(ask) == ("304", 304)

    def test_ranges_as_http_writes_them(self, client: Any, cloud: MemoryCloud) -> None:
        cloud.seed(BUCKET, "key", b"0123456789")
        for header, expected in [("bytes=2-", b"23456789"), ("bytes=-3", b"789"), ("bytes=4-99", b"456789")]:
            answer = client.get_object(Bucket=BUCKET, Key="key", Range=header)
            assert answer["Body"].read() == expected

    def test_tags_can_be_removed(self, client: Any, cloud: MemoryCloud) -> None:
        cloud.seed(BUCKET, "key", b"", Properties(tags={"a": "1"}))
        assert client.head_object(Bucket=BUCKET, Key="key")["TagCount"] == 1
        client.delete_object_tagging(Bucket=BUCKET, Key="key")
        assert cloud.tags(BUCKET, "key") == {}

    def test_archived_objects_cannot_be_read(self, client: Any, cloud: MemoryCloud) -> None:
        cloud.seed(BUCKET, "key", b"x", storage_class="GLACIER")
        assert client.head_object(Bucket=BUCKET, Key="key")["StorageClass"] == "GLACIER"
        ask = lambda: client.get_object(Bucket=BUCKET, Key="key")  # noqa: E731
        assert code_of(ask) == ("InvalidObjectState", 403)

    def test_what_is_not_offered_says_so(self, server: S3Server, client: Any) -> None:
        calls: list[Callable[[], object]] = [
            lambda: client.get_bucket_acl(Bucket=BUCKET),
            lambda: client.get_object_torrent(Bucket=BUCKET, Key="key"),
            lambda: client.list_objects_v2(Bucket=BUCKET, Delimiter="/"),
        ]
        for call in calls:
            assert code_of(call) == ("NotImplemented", 501)
        assert server.operations() == ["Unknown", "Unknown", "ListObjectsV2"]

    def test_large_bodies_travel_whole(self, client: Any) -> None:
        body = os.urandom(1024) * 20_000
        client.put_object(Bucket=BUCKET, Key="key", Body=body)
        answer = client.get_object(Bucket=BUCKET, Key="key")
        assert md5(answer["Body"].read()).digest() == md5(body).digest()

    def test_many_connections_at_once(self, server: S3Server, client: Any, cloud: MemoryCloud) -> None:
        def put_some(first: int) -> None:
            for number in range(first, first + 20):
                client.put_object(Bucket=BUCKET, Key=str(number), Body=b"x")

        threads = [Thread(target=put_some, args=(start,)) for start in range(0, 160, 20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(cloud.contents(BUCKET)) == 160
        assert server.operations().count("PutObject") == 160

    @pytest.mark.parametrize("line", [b"nonsense\r\n\r\n", b"GET / HTTP/1.1\r\nno colon\r\n\r\n"])
    def test_what_is_not_http_is_refused(self, server: S3Server, line: bytes) -> None:
        host, _, port = server.url.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(line)
            assert connection.recv(100).startswith(b"HTTP/1.1 400 ")


class TestLife:
    def test_a_dead_server_refuses_connections(self, server: S3Server, client: Any) -> None:
        client.list_buckets()
        server.die()
        with pytest.raises(EndpointConnectionError):
            client.list_buckets()

    def test_dying_breaks_what_is_under_way(self, server: S3Server, client: Any) -> None:
        server.faults.add(Fault("ListBuckets", kind="delay", seconds=60))
        caught: list[BaseException] = []

        def ask() -> None:
            try:
                client.list_buckets()
            except BotoCoreError as error:
                caught.append(error)

        thread = Thread(target=ask)
        thread.start()
        wait_until(lambda: bool(server.faults.fired))
        server.die()
        thread.join(10)
        assert [type(error) for error in caught] == [ConnectionClosedError]

    def test_what_was_under_way_is_not_carried_out(
        self, server: S3Server, client: Any, cloud: MemoryCloud
    ) -> None:
        server.faults.add(Fault("PutObject", kind="delay", seconds=60))
        put = lambda: client.put_object(Bucket=BUCKET, Key="key", Body=b"x")  # noqa: E731
        thread = Thread(target=pytest.raises, args=(BotoCoreError, put))
        thread.start()
        wait_until(lambda: bool(server.faults.fired))
        server.die()
        thread.join(10)
        assert cloud.contents(BUCKET) == {}

    def test_it_comes_back_under_the_same_address(self, server: S3Server, client: Any) -> None:
        url = server.url
        server.die()
        server.start()
        assert server.url == url
        assert client.list_buckets()["Buckets"]

    def test_the_log_has_every_request(self, server: S3Server, client: Any) -> None:
        client.put_object(Bucket=BUCKET, Key="a b", Body=b"12345")
        client.get_object(Bucket=BUCKET, Key="a b")["Body"].read()
        client.head_object(Bucket=BUCKET, Key="a b")
        client.list_objects_v2(Bucket=BUCKET)
        assert list(server.requests)[:3] == [
            Request("PUT", "PutObject", BUCKET, "a b", 200, 5, 0),
            Request("GET", "GetObject", BUCKET, "a b", 200, 0, 5),
            Request("HEAD", "HeadObject", BUCKET, "a b", 200, 0, 0),
        ]
        assert server.operations()[3] == "ListObjectsV2"

    def test_every_answer_has_an_id(self, client: Any) -> None:
        ids = {client.list_buckets()["ResponseMetadata"]["RequestId"] for _ in range(2)}
        assert len(ids) == 2


class TestProcess:
    COMMAND = (sys.executable, "-m", "migrator.demo.s3server", "--access-key", "AKDEMO")

    def start(self, *more: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [*self.COMMAND, *more], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert process.stdin
        process.stdin.write("demo\n")
        process.stdin.flush()
        return process

    def test_it_serves_until_its_parent_lets_go(self) -> None:
        with self.start("--buckets", "one,two", "--quirks", "lyve") as process:
            assert process.stdin
            assert process.stdout
            url = json.loads(process.stdout.readline())["url"]
            with closing(client_of(url, access_key="AKDEMO", secret="demo")) as client:
                assert [each["Name"] for each in client.list_buckets()["Buckets"]] == ["one", "two"]
                for body in (b"first", b"second"):  # Lyve Cloud overwrites all the same
                    client.put_object(Bucket="one", Key="key", Body=body, IfNoneMatch="*")
                assert client.get_object(Bucket="one", Key="key")["Body"].read() == b"second"
            process.stdin.close()
            assert process.wait(10) == 0

    @pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to send")
    def test_it_ends_on_sigterm(self) -> None:
        with self.start() as process:
            assert process.stdout
            assert process.stdout.readline()
            process.terminate()
            assert process.wait(10) == 0

    def test_it_wants_a_secret(self) -> None:
        ended = subprocess.run(
            self.COMMAND, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30
        )
        assert ended.returncode == 2
        assert "first line of standard input" in ended.stderr
