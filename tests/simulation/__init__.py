"""Whole runs without threads, disks or networks, that die wherever a seed says, and go on afterwards.

`python -m tests.simulation --seed N` replays one seed; see `trial`.
"""
