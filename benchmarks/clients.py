"""How each client is told to do a work: arguments, environment, and nothing of the user's own settings."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measuring import Command
from benchmarks.peers import ROOT
from benchmarks.server import Responder
from benchmarks.works import Action, Work

#: The responder takes any.
_KEY_ID, _SECRET = "AKIABENCHMARK", "benchmark-secret-benchmark"
_REGION = "us-east-1"


@dataclass(frozen=True)
class Setting:
    """Where a client works: the ends, its own folder, and the programs that are there."""

    work: Work
    ends: Responder
    folder: Path
    programs: Mapping[str, Path]
    destination: str

    @property
    def environment(self) -> dict[str, str]:
        return {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(self.folder), "LANG": "C.UTF-8"}


@dataclass(frozen=True)
class Client:
    #: Ends the name of its destination. Clients that share one do not copy twice for a second run.
    destination: str
    #: What has to be installed; "" for our own.
    program: str
    commands: Callable[[Setting], list[Command]]


def _ours(setting: Setting) -> list[Command]:
    work, ends = setting.work, setting.ends
    job = setting.folder / "job.toml"
    ca_file = f'ca_file = "{ends.ca_file}"\n' if ends.ca_file else ""
    common = f'region = "{_REGION}"\ncredentials = "env"\n{ca_file}'
    job.write_text(
        "version = 1\n"
        f'[source]\nprovider = "aws"\nbucket = "{work.source}"\nendpoint_url = "{ends.source_url}"\n{common}'
        f'[destination]\nprovider = "lyve"\nbucket = "{setting.destination}"\n'
        f'endpoint_url = "{ends.destination_url}"\n{common}'
        f"[transfer]\nthreads = {work.concurrency}\n",
        encoding="utf-8",
    )
    environment = setting.environment | {
        "MIGRATOR_HOME": str(setting.folder / "home"),
        "PYTHONPATH": str(ROOT),
    }
    for end in ("SOURCE", "DESTINATION"):
        environment[f"MIGRATOR_{end}_ACCESS_KEY_ID"] = _KEY_ID
        environment[f"MIGRATOR_{end}_SECRET_ACCESS_KEY"] = _SECRET
    verb = "plan" if work.action is Action.LIST else "run"
    return [Command([sys.executable, "-m", "migrator", verb, str(job), "--quiet"], environment)]


def _rclone(*flags: str) -> Callable[[Setting], list[Command]]:
    def commands(setting: Setting) -> list[Command]:
        work, ends = setting.work, setting.ends
        environment = setting.environment | {"RCLONE_CONFIG": os.devnull}
        for name, url in (("A", ends.source_url), ("B", ends.destination_url)):
            for option, value in {
                "TYPE": "s3",
                "PROVIDER": "Other",
                "ENDPOINT": url,
                "REGION": _REGION,
                "ACCESS_KEY_ID": _KEY_ID,
                "SECRET_ACCESS_KEY": _SECRET,
            }.items():
                environment[f"RCLONE_CONFIG_{name}_{option}"] = value
        options = [*flags, *(["--ca-cert", str(ends.ca_file)] if ends.ca_file else [])]
        source, destination = f"A:{work.source}", f"B:{setting.destination}"
        match work.action:
            case Action.LIST:
                what = ["lsf", source]
            case Action.COPY | Action.AGAIN:
                verb = "copy" if work.action is Action.COPY else "sync"
                many = str(work.concurrency)
                what = [verb, source, destination, "--transfers", many, "--checkers", many]
                options.append("--s3-no-check-bucket")
        return [Command([str(setting.programs["rclone"]), *what, *options], environment)]

    return commands


def _s5cmd(setting: Setting) -> list[Command]:
    def command(url: str, source: str, destination: str) -> Command:
        program = [str(setting.programs["s5cmd"]), "--endpoint-url", url, "--log", "error"]
        many = ["--numworkers", str(setting.work.concurrency)]
        return Command([*program, *many, "cp", source, destination], _aws_environment(setting))

    data = f"{_empty_folder(setting)}/"
    return [
        command(setting.ends.source_url, f"s3://{setting.work.source}/*", data),
        command(setting.ends.destination_url, data, f"s3://{setting.destination}/"),
    ]


def _aws(setting: Setting) -> list[Command]:
    def command(url: str, source: str, destination: str) -> Command:
        program = [str(setting.programs["aws"]), "s3", "cp", source, destination, "--endpoint-url", url]
        return Command([*program, "--recursive", "--only-show-errors"], _aws_environment(setting))

    data = str(_empty_folder(setting))
    return [
        command(setting.ends.source_url, f"s3://{setting.work.source}/", data),
        command(setting.ends.destination_url, data, f"s3://{setting.destination}/"),
    ]


def _predecessor(setting: Setting) -> list[Command]:
    ends = setting.ends
    where = [ends.source_url, setting.work.source, ends.destination_url, setting.destination]
    program = [sys.executable, "-m", "benchmarks.predecessor", "--threads", str(setting.work.concurrency)]
    return [Command([*program, *where], _aws_environment(setting) | {"PYTHONPATH": str(ROOT)})]


def _aws_environment(setting: Setting) -> dict[str, str]:
    """What the SDKs of AWS read, of Python and of Go."""
    trusted = {}
    if setting.ends.ca_file:
        trusted = {name: str(setting.ends.ca_file) for name in ("AWS_CA_BUNDLE", "SSL_CERT_FILE")}
    return {
        **setting.environment,
        **trusted,
        "AWS_ACCESS_KEY_ID": _KEY_ID,
        "AWS_SECRET_ACCESS_KEY": _SECRET,
        "AWS_REGION": _REGION,
        "AWS_DEFAULT_REGION": _REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def _empty_folder(setting: Setting) -> Path:
    data = setting.folder / "data"
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir()
    return data


_PARTS = ("--s3-upload-cutoff", "16M", "--s3-chunk-size", "16M", "--s3-upload-concurrency", "4")

OURS = "migrator"
CLIENTS = {
    OURS: Client("migrator", "", _ours),
    "rclone": Client("rclone", "rclone", _rclone()),
    "rclone --s3-no-head": Client("rclone", "rclone", _rclone("--s3-no-head")),
    "rclone --checksum": Client("rclone", "rclone", _rclone("--checksum")),
    "rclone --fast-list -R": Client("rclone", "rclone", _rclone("--fast-list", "-R")),
    "rclone, 16 MiB parts": Client("rclone", "rclone", _rclone(*_PARTS)),
    "s5cmd, disk": Client("s5cmd", "s5cmd", _s5cmd),
    "aws s3 cp, disk": Client("aws", "aws", _aws),
    "predecessor": Client("predecessor", "", _predecessor),
}
