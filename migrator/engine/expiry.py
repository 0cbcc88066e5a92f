"""Keys that run out: refused when they already have, and told of before they do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from migrator.config import Job
from migrator.credentials import AwsChain, Keys, resolve
from migrator.errors import CredentialsError
from migrator.model.sizes import show_duration

#: Told at the start where less than this is left, and once more shortly before the end.
SOON, VERY_SOON = timedelta(hours=12), timedelta(minutes=10)

#: When the sign-in behind a profile (empty: the default one) ends; None where it does not, or nobody knows.
SignIn = Callable[[str], datetime | None]


class Expiries:
    """When the keys of a job's ends run out, as far as anybody knows."""

    def __init__(self, job: Job, sign_in: SignIn, now: datetime) -> None:
        """Raises:
        CredentialsError: some have run out already, or a reference leads nowhere.
        """
        self._waiting: list[tuple[datetime, str, datetime]] = []  # when to tell, of which side, its end
        for side, end in (("source", job.source), ("destination", job.destination)):
            match resolve(end.credentials, side):
                case Keys(expires_at=expires_at):
                    renew = "Renew them first."
                case AwsChain(profile):
                    expires_at, renew = sign_in(profile), "Sign in again first (aws sso login)."
            if expires_at is None:
                continue
            if expires_at <= now:
                raise CredentialsError(
                    f"The keys of the {side} ran out at {_shown(expires_at)}.", side=side, advice=renew
                )
            self._waiting += [(expires_at - ahead, side, expires_at) for ahead in (SOON, VERY_SOON)]
        self._waiting.sort()

    @property
    def are_waiting(self) -> bool:
        return bool(self._waiting)

    def due(self, now: datetime) -> Iterator[str]:
        """What is to be told by now, each only once; of one side the newest word is enough."""
        told: dict[str, datetime] = {}
        while self._waiting and self._waiting[0][0] <= now:
            _, side, expires_at = self._waiting.pop(0)
            told[side] = expires_at
        for side, expires_at in told.items():
            left = show_duration(max(0.0, (expires_at - now).total_seconds()))
            yield (
                f"The keys of the {side} run out at {_shown(expires_at)}, in {left}. The run then pauses: "
                "renew them and resume."
            )


def _shown(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
