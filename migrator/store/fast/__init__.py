"""The data plane: what every run asks, over sockets of our own.

Reading, writing and listing objects, uploads in parts, and the small questions beside them. Everything else,
and every case that is not plainly the usual one, goes to the reference store (`store/s3.py`), which is built
when it is first asked (`rest.py`). Why: docs/decisions/0021-data-plane.md and 0025-start-up.md.
"""
