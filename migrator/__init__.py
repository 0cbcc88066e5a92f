"""AWS S3 <> Lyve Cloud Data Migration: moves buckets, shows how, and can undo it."""

__version__ = "0.1.0"
