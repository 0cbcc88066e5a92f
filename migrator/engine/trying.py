"""Trying one end of a job as it is typed: is it there, are the keys right, which buckets are there?"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from migrator import credentials
from migrator.config import End
from migrator.engine.ends import StoreFactory, check_end, environment_of
from migrator.engine.ports import Ports
from migrator.errors import CredentialsError, MigratorError
from migrator.model.events import EndChecked, Event, Warned


def try_end(
    side: str,
    end: End,
    accept: Sequence[str],
    ports: Ports,
    factory: StoreFactory,
    emit: Callable[[Event], None],
) -> EndChecked:
    """What became of it; whatever went wrong is told, not raised. `accept`: variables that may redirect."""
    began = ports.now()
    try:
        for message in environment_of((end,), accept):
            emit(Warned("environment", message))
        found = check_end(end, side, credentials.resolve(end.credentials, side), ports, factory)
    except CredentialsError as error:
        return EndChecked(side, False, f"{side}.credentials", error.message, error.advice)
    except MigratorError as error:
        return EndChecked(side, False, "", error.message, error.advice)
    return EndChecked(
        side,
        found.ok,
        found.field,
        found.message,
        found.advice,
        found.buckets,
        round((ports.now() - began) * 1000),
        found.code,
    )
