"""The method of the program's predecessor, to compare with: a boto3 GET and PUT for each object, in threads.

    python -m benchmarks.predecessor SOURCE_URL SOURCE_BUCKET DESTINATION_URL DESTINATION_BUCKET

Credentials come from the environment, as botocore reads them. Nothing is checked or recorded, and each object
is held in memory as a whole.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    for name in ("source_url", "source", "destination_url", "destination"):
        parser.add_argument(name)
    parser.add_argument("--threads", type=int, default=16)
    options = parser.parse_args()
    source, destination = _client(options.source_url), _client(options.destination_url)

    def copy(key: str) -> None:
        body = source.get_object(Bucket=options.source, Key=key)["Body"].read()
        destination.put_object(Bucket=options.destination, Key=key, Body=body)

    pages = source.get_paginator("list_objects_v2").paginate(Bucket=options.source)
    keys = [found["Key"] for page in pages for found in page.get("Contents", [])]
    with ThreadPoolExecutor(options.threads) as pool:
        for _ in pool.map(copy, keys):
            pass
    return 0


def _client(url: str) -> Any:
    return boto3.client("s3", endpoint_url=url, region_name="us-east-1")


if __name__ == "__main__":
    raise SystemExit(main())
