"""Many migrations one after the other in one engine process, on bad lines: nothing may leak, nothing be lost.

`python -m tests.soak --minutes 30 --seed 1`; see CONTRIBUTING.md.
"""
