"""What things are and what ought to happen: values and pure functions.

No files, clock, threads or network in here.
"""
