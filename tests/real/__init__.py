"""The command line as a process of its own, against S3 servers that others wrote."""
