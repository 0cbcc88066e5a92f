"""What goes wrong on request goes wrong as described, and nothing else does."""

from __future__ import annotations

from contextlib import closing, suppress
from typing import Any

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    ReadTimeoutError,
)
from urllib3.exceptions import ProtocolError

from migrator.demo.faults import ALWAYS, Fault
from migrator.demo.s3server import S3Server
from migrator.store.memory import MemoryCloud
from tests.demo.conftest import BUCKET, code_of
from tests.store.keepers import client_of


class TestFaults:
    def put(self, client: Any, key: str = "key") -> None:
        client.put_object(Bucket=BUCKET, Key=key, Body=b"bytes")

    @pytest.mark.parametrize(
        ("kind", "code"),
        [
            ("503", ("SlowDown", 503)),
            ("500", ("InternalError", 500)),
            ("409", ("ConditionalRequestConflict", 409)),
            ("denied", ("AccessDenied", 403)),
            ("expired", ("ExpiredToken", 400)),
        ],
    )
    def test_refusals_are_not_carried_out(
        self, server: S3Server, client: Any, cloud: MemoryCloud, kind: Any, code: tuple[str, int]
    ) -> None:
        server.faults.add(Fault("PutObject", kind=kind))
        assert code_of(lambda: self.put(client)) == code
        assert cloud.contents(BUCKET) == {}
        self.put(client)
        assert cloud.contents(BUCKET) == {"key": b"bytes"}
        assert [request.status for request in server.requests] == [code[1], 200]

    def test_the_third_and_fourth_write_fail_then_it_recovers(
        self, server: S3Server, client: Any, cloud: MemoryCloud
    ) -> None:
        server.faults.add(Fault("PutObject", nth=3, times=2, kind="500"))
        for number in range(1, 6):
            if number in (3, 4):
                assert code_of(lambda: self.put(client)) == ("InternalError", 500)
            else:
                self.put(client, str(number))
            client.list_objects_v2(Bucket=BUCKET)
        assert list(cloud.contents(BUCKET)) == ["1", "2", "5"]
        assert len(server.faults.fired) == 2

    def test_only_one_key(self, server: S3Server, client: Any) -> None:
        server.faults.add(Fault(key="bad", times=ALWAYS, kind="denied"))
        self.put(client, "good")
        for _ in range(3):
            assert code_of(lambda: self.put(client, "bad")) == ("AccessDenied", 403)
        server.faults.clear()
        self.put(client, "bad")

    def test_a_reset_loses_the_request(self, server: S3Server, client: Any, cloud: MemoryCloud) -> None:
        server.faults.add(Fault("PutObject", kind="reset"))
        with pytest.raises(ConnectionClosedError):
            self.put(client)
        assert cloud.contents(BUCKET) == {}
        assert server.requests[-1].status == 0

    def test_a_reset_can_lose_only_the_answer(
        self, server: S3Server, client: Any, cloud: MemoryCloud
    ) -> None:
        server.faults.add(Fault("PutObject", kind="applied-reset"))
        with pytest.raises(ConnectionClosedError):
            self.put(client)
        assert cloud.contents(BUCKET) == {"key": b"bytes"}

    def test_a_body_can_be_cut(self, server: S3Server, client: Any, cloud: MemoryCloud) -> None:
        cloud.seed(BUCKET, "key", bytes(300_000))
        server.faults.add(Fault("GetObject", kind="cut-body"))
        answer = client.get_object(Bucket=BUCKET, Key="key")
        assert answer["ContentLength"] == 300_000
        with pytest.raises((BotoCoreError, ProtocolError)):
            answer["Body"].read()
        assert len(client.get_object(Bucket=BUCKET, Key="key")["Body"].read()) == 300_000

    def test_a_refusal_can_say_when_to_come_again(self, server: S3Server, client: Any) -> None:
        server.faults.add(Fault("PutObject", kind="503", seconds=2))
        with pytest.raises(ClientError) as caught:
            self.put(client)
        assert caught.value.response["ResponseMetadata"]["HTTPHeaders"]["retry-after"] == "2"

    def test_a_body_can_come_slowly_and_is_whole(
        self, server: S3Server, client: Any, cloud: MemoryCloud
    ) -> None:
        body = bytes(range(256)) * 100
        cloud.seed(BUCKET, "key", body)
        server.faults.add(Fault("GetObject", kind="slow-body", seconds=0.1))
        assert client.get_object(Bucket=BUCKET, Key="key")["Body"].read() == body
        assert len(server.faults.fired) == 1
        self.put(client)  # the connection can be used again

    def test_a_slow_body_does_not_hold_up_the_servers_end(
        self, server: S3Server, client: Any, cloud: MemoryCloud
    ) -> None:
        cloud.seed(BUCKET, "key", bytes(1000))
        server.faults.add(Fault("GetObject", kind="slow-body", seconds=3600))
        body = client.get_object(Bucket=BUCKET, Key="key")["Body"]
        server.stop()
        with suppress(BotoCoreError, ProtocolError):  # what it got by then, all of it or less
            body.read()

    def test_a_byte_can_change(self, server: S3Server, client: Any, cloud: MemoryCloud) -> None:
        cloud.seed(BUCKET, "key", bytes(1000))
        server.faults.add(Fault("GetObject", kind="bad-bytes"))
        first = client.get_object(Bucket=BUCKET, Key="key")["Body"].read()
        assert (len(first), sum(map(bool, first))) == (1000, 1)
        assert client.get_object(Bucket=BUCKET, Key="key")["Body"].read() == bytes(1000)

    def test_a_web_page_can_come_instead(self, server: S3Server, client: Any, cloud: MemoryCloud) -> None:
        server.faults.add(Fault("PutObject", kind="html"))
        self.put(client)  # the SDK is content with any 200
        assert cloud.contents(BUCKET) == {}
        server.faults.add(Fault("GetObject", kind="html"))
        assert b"<html>" in client.get_object(Bucket=BUCKET, Key="key")["Body"].read()

    def test_a_200_can_hold_an_error(self, server: S3Server, client: Any, cloud: MemoryCloud) -> None:
        upload_id = client.create_multipart_upload(Bucket=BUCKET, Key="key")["UploadId"]
        where = {"Bucket": BUCKET, "Key": "key", "UploadId": upload_id}
        etag = client.upload_part(**where, PartNumber=1, Body=b"x")["ETag"]
        server.faults.add(Fault("CompleteMultipartUpload", kind="error-in-200"))
        complete = lambda: client.complete_multipart_upload(  # noqa: E731
            **where, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]}
        )
        assert code_of(complete)[0] == "InternalError"
        assert cloud.contents(BUCKET) == {}
        server.faults.add(Fault("CompleteMultipartUpload", kind="empty-200"))
        assert "ETag" not in complete()
        assert cloud.contents(BUCKET) == {"key": b"x"}

    def test_an_answer_can_come_late(self, server: S3Server) -> None:
        server.faults.add(Fault("ListBuckets", kind="delay", seconds=60))
        with closing(client_of(server.url, read_timeout_s=0.2)) as client:
            with pytest.raises(ReadTimeoutError):
                client.list_buckets()
            assert client.list_buckets()["Buckets"]

    def test_operations_can_be_denied(self, server: S3Server, client: Any) -> None:
        server.denied_operations = {"ListBuckets"}
        assert code_of(client.list_buckets) == ("AccessDenied", 403)
        self.put(client)

    def test_unknown_kinds_are_a_mistake_of_the_test(self, server: S3Server) -> None:
        with pytest.raises(ValueError, match="teapot"):
            server.faults.add(Fault(kind="teapot"))  # type: ignore[arg-type]
