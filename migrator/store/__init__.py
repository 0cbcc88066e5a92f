"""Where objects live: one contract (`base`), several keepers of it.

`s3` is the only module that knows the SDK; `memory` is for tests and the demo; `retrying` adds patience.
"""
