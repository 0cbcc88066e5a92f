"""What is said about the form: where keys come from, tips, hints and problems, questions about the job."""

from __future__ import annotations

from collections.abc import Mapping

from migrator.config import MAX_THREADS

STEPS: Mapping[str, tuple[str, ...]] = {
    "aws": (
        "Press Copy Policy. In the AWS console open IAM, Policies, Create policy, JSON, and paste it.",
        "IAM, Users, Create user: no console access. Attach the policy to this user.",
        "Open the user, Security credentials, Create access key, and paste both of its parts here.",
        "The region stands beside the bucket in the S3 console.",
    ),
    "lyve": (
        "Press Copy Policy. Make a new policy in the Lyve Cloud console (older accounts: a permission).",
        "Make a user (older accounts: a service account) with it, and paste its two keys here.",
        "Open the bucket in the console and copy its S3 endpoint URL into Endpoint. It is never guessed.",
    ),
}
TOOLTIPS: Mapping[str, str] = {
    "access_key_id": "The public half of the key pair.",
    "secret_access_key": "Kept in the system's key store, never in the config file.",
    "session_token": "Temporary keys expire; the run then pauses and can be resumed with new ones.",
    "aws.region": "Where the bucket lives.",
    "lyve.region": "Read from the endpoint where it is left empty.",
    "aws.endpoint": "Leave it empty for AWS itself; a VPC endpoint or another address goes here.",
    "lyve.endpoint": "Copy the S3 endpoint URL from the Lyve Cloud console.",
    "bucket": "Generate Config File fills this list. You may type a name if your key cannot list buckets.",
    "prefix": "Only keys that begin with this text. At the destination it is put in front of them.",
    "min_date": "Compares with Last Modified, in UTC.",
    "max_date": "Compares with Last Modified, in UTC. The whole day is included.",
    "min_size": "Bytes, or a number with KB, MB, GB, TB (1000) or KiB, MiB, GiB, TiB (1024).",
    "max_size": "Bytes, or a number with KB, MB, GB, TB (1000) or KiB, MiB, GiB, TiB (1024).",
    "include": "Patterns, separated by commas: * stays inside a folder, ** crosses folders.",
    "exclude": "Patterns, separated by commas. Not keys like wins over Only keys like.",
    "threads": "How many objects are copied at the same time.",
    "existing": "Identical means the same content, not the same date.",
    "verify": "Size only cannot notice changed bytes.",
    "speed_limit": "Bytes a second, e.g. 50 MB/s.",
    "adjusts": "Begins with 16, takes more where that is faster, and fewer when a service asks to slow down.",
    "direction": "Swaps the two cards. Data always flows from left to right.",
    "generate": "Checks both sides, fills the bucket lists and saves your settings, without secrets.",
}
AWS_REGIONS = (
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "sa-east-1",
)
LYVE_REGIONS = ("us-east-1", "us-east-2", "us-west-1", "us-central-1", "eu-west-1", "ap-southeast-1")
REGIONS: Mapping[str, tuple[str, ...]] = {"aws": AWS_REGIONS, "lyve": LYVE_REGIONS}
#: What stands in a policy for what is not typed yet.
PLACEHOLDERS: Mapping[str, str] = {
    "aws.bucket": "your-aws-bucket",
    "lyve.bucket": "your-lyve-bucket",
    "lyve.endpoint": "https://s3.your-region.example.lyve.seagate.com",
    "aws.region": "us-east-1",
}

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


def known_keys(known_as: str) -> str:
    """Below the empty field of a key: which keys are used."""
    return f"{known_as}. Type to use others."


#: Why a job file cannot be opened here.
ONLY_AWS_AND_LYVE = "It is not between AWS and Lyve Cloud. Use the command line for it: migrator run FILE."
MORE_THAN_THE_FORM = (
    "It says something that this form cannot show without changing it. Use the command line for it: "
    "migrator run FILE."
)


#: Below "If the object already exists".
OVERWRITE_HINT = "needs versioning there"


def written_in_part(kept: str) -> str:
    """The config file is there, but cannot be used yet; `kept` tells where keys are."""
    return f"The config file was written, but not both sides are ready. {kept}"


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
