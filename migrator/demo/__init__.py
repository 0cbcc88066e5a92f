"""S3 on loopback: the in-memory cloud of `migrator.store.memory` served over HTTP.

`s3server` is the server and its command line; `wire` reads and writes HTTP, `sigv4` checks signatures,
`routes` names operations, `object_calls`, `bucket_calls` and `upload_calls` carry them out, `xmlout` writes
answers, `faults` spoils them on request.
"""
