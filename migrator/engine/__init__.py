"""Making it happen: threads, journal, transfer, rollback. It tells by events; it never draws or prints."""
