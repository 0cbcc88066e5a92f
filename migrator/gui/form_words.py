"""What is said about the form: hints and problems below its fields, and questions about the job."""

from __future__ import annotations

from collections.abc import Mapping

from migrator.config import MAX_THREADS

#: Below a field that is wrong, by its name, where the job file's own words are too long for there.
SHORT: Mapping[str, str] = {
    "min_date": "Use 2025-03-31.",
    "max_date": "Use 2025-03-31.",
    "min_size": "Not a size. Try 5 GB.",
    "max_size": "Not a size. Try 5 GB.",
    "speed_limit": "Not a speed. Try 50 MB/s.",
    "threads": f"Between 1 and {MAX_THREADS}.",
    "lyve.endpoint": "Paste the S3 endpoint URL that the Lyve Cloud console shows.",
    "aws.region": "Choose the bucket's region.",
}
WRONG_ORDER: Mapping[str, str] = {
    "max_date": "Max Date is before Min Date.",
    "max_size": "Max Size is smaller than Min Size.",
}
#: What the job file's rules say where a form says it in its own words.
SAYS_ORDER = ("is before", "is smaller")
SAYS_MISSING, SAYS_SAME_PLACE = "is missing", "same place"

REMOVE_SPACES = "Remove the spaces."
NEEDS_TOKEN = "Temporary keys need their session token."
NEEDS_SCHEME = "Must start with https://"
SAME_PLACE = "Source and destination are the same place."

FROM_MIDNIGHT = "from 00:00 UTC"
WHOLE_DAY = "whole day included"
INCLUDE_HINT = "* and ** allowed"
EXCLUDE_HINT = "wins over the left"
SIZE_ONLY_HINT = "cannot notice changed bytes"
OTHER_THAN_AWS = "instead of AWS's own address"
FROM_CONSOLE = "from the Lyve Cloud console"
SLASH = "Starts with a slash. Really meant?"


def region_of_endpoint(region: str) -> str:
    return f"= {region}, from the endpoint"


# -- what trying both ends came to -----------------------------------------------------------------

UNABLE_TO_CONNECT = "Unable to connect."
NOT_READY = "Not ready yet"
NOT_WRITTEN = "The config file was not written. The log says why."


def written_in_part(kept: str) -> str:
    """The config file is there, but cannot be used yet; `kept` tells where keys are."""
    return f"The config file was written, but not both sides answered. {kept}"


# -- questions ---------------------------------------------------------------------------------------

COPY_WITHOUT = "Copy without these?"
ACCEPT_AND_MIGRATE = "Accept and Migrate"
DO_NOT_COPY = "Do Not Copy"
SEND_THAT_WAY = "Send traffic that way?"
ACCEPT_AND_GO_ON = "Accept and Go On"
DO_NOT_CONNECT = "Do Not Connect"


def more_losses(more: int) -> str:
    return f"{more} more: see the log."


def set_here(variables: str) -> str:
    """What in this computer's environment leads traffic elsewhere."""
    return f"Set on this computer: {variables}."
