"""The data plane: reading, writing and listing objects over sockets of our own.

Only what moves many objects or many bytes is here; everything else, and every case that is not plainly the
usual one, goes to the reference store (`store/s3.py`). Why: docs/decisions/0021-data-plane.md.
"""
