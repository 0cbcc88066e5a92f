"""The data plane, part by part. That it keeps the contract of stores is in `tests/store/test_contract.py`."""
