"""When an SSO sign-in ends. The SDK keeps it on disk, and nothing is asked over the network."""

from __future__ import annotations

import hashlib
import os
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError
from botocore.session import Session
from botocore.utils import JSONFileCache

#: Where the AWS command line and the SDK keep sign-ins (botocore, SSOProvider).
_CACHE = "~/.aws/sso/cache"


def sign_in_ends(profile: str) -> datetime | None:
    """When the sign-in of a profile (empty: the default one) ends; None where it has none that ends.

    One that can be renewed without a person does not end.
    """
    try:
        session = Session(profile=profile or None)
        settings = session.get_scoped_config()
        name = settings.get("sso_session") or settings.get("sso_start_url")
        if not name:
            return None
        file = hashlib.sha1(name.encode()).hexdigest()  # noqa: S324 (the SDK names its files so)
        token: dict[str, Any] = JSONFileCache(os.path.expanduser(_CACHE))[file]
        if token.get("refreshToken"):
            return None
        found = datetime.fromisoformat(str(token["expiresAt"]).replace("UTC", "+00:00"))
    except (BotoCoreError, KeyError, ValueError, OSError, AttributeError):
        return None  # the SDK says what is wrong when it is asked for keys
    return found if found.tzinfo else found.replace(tzinfo=UTC)
