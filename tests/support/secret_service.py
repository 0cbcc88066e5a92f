"""A Secret Service on a D-Bus of its own, in memory: what the system's key store is on Linux desktops.

As much of the specification (freedesktop.org, Secret Service API) as the keyring library uses. Secrets go
over the bus in clear ("plain"): it is a socket in a directory of the test's.
"""

from __future__ import annotations

import shutil
import subprocess
import threading
from types import TracebackType
from typing import Any

import pytest
from jeepney import HeaderFields, Message, MessageType, new_error, new_method_return
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import DBusConnection, Proxy, open_dbus_connection

NAME = "org.freedesktop.secrets"
ROOT = "/org/freedesktop/secrets"


class SecretService:
    """Serves while entered, at `address`. `is_locked`: unlocking does nothing, as with a prompt dismissed."""

    def __init__(self) -> None:
        daemon = shutil.which("dbus-daemon")
        if daemon is None:
            pytest.skip("there is no dbus-daemon")
        self._bus = subprocess.Popen(
            [daemon, "--session", "--nofork", "--nopidfile", "--print-address=1"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._bus.stdout
        self.address = self._bus.stdout.readline().strip()
        self.items: dict[str, tuple[dict[str, str], bytes]] = {}  # path -> attributes, secret
        self.is_locked = False
        self._made = 0
        self._thread = threading.Thread(target=self._serve, name="secret-service")
        self._ready = threading.Event()

    def __enter__(self) -> SecretService:
        self._thread.start()
        assert self._ready.wait(20)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bus.terminate()
        self._bus.wait(10)
        self._thread.join()
        assert self._bus.stdout
        self._bus.stdout.close()

    def _serve(self) -> None:
        with open_dbus_connection(self.address) as connection:
            Proxy(message_bus, connection).RequestName(NAME)
            self._ready.set()
            while True:
                try:
                    message = connection.receive()
                except (OSError, EOFError):
                    return  # the bus has ended
                if message.header.message_type is MessageType.method_call:
                    self._answer(connection, message)

    def _answer(self, connection: DBusConnection, message: Message) -> None:
        fields = message.header.fields
        path, method = fields[HeaderFields.path], fields[HeaderFields.member]
        found = self._call(path, method, message.body)
        if found is None:
            error = "org.freedesktop.DBus.Error.UnknownObject"
            if method == "OpenSession":
                error = "org.freedesktop.DBus.Error.NotSupported"
            connection.send(new_error(message, error, "s", ("no",)))
        else:
            connection.send(new_method_return(message, *found))

    def _call(self, path: str, method: str, body: tuple[Any, ...]) -> tuple[str, tuple[Any, ...]] | None:
        item = self.items.get(path)
        match method:
            case "Get" if body[1] == "Locked":
                return "v", (("b", self.is_locked),)
            case "Get" if item is not None or "/aliases/" in path:
                return "v", (("s", "label"),)
            case "OpenSession" if body[0] == "plain":
                return "vo", (("s", ""), f"{ROOT}/session/1")
            case "Unlock":
                return "aoo", ([], "/")
            case "SearchItems":
                wanted = body[0].items()
                paths = [each for each, (attributes, _) in self.items.items() if wanted <= attributes.items()]
                return "ao", (paths,)
            case "CreateItem":
                return "oo", (self._create(body), "/")
            case "GetSecret" if item is not None:
                return "(oayays)", ((body[0], b"", item[1], "text/plain"),)
            case "Delete" if item is not None:
                del self.items[path]
                return "o", ("/",)
        return None

    def _create(self, body: tuple[Any, ...]) -> str:
        properties, secret, replaces = body
        attributes = dict(properties["org.freedesktop.Secret.Item.Attributes"][1])
        for path, (other, _) in list(self.items.items()):
            if replaces and other == attributes:
                del self.items[path]
        self._made += 1
        path = f"{ROOT}/collection/default/{self._made}"
        self.items[path] = (attributes, bytes(secret[2]))
        return path
