"""The workflows, held to what keeps a release honest: least rights, pinned actions, locks, bounds.

They run on somebody else's machines with the owner's secrets; nothing here can be tried on this one.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools import locks

ROOT = Path(__file__).parent.parent
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
RELEASE = ROOT / ".github" / "workflows" / "release.yml"
Step = dict[str, Any]

each_workflow = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)


def read(path: Path) -> dict[str, Any]:
    """The workflow; its `on`, which YAML 1.1 takes for a truth value, under that name."""
    loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {("on" if key is True else key): value for key, value in loaded.items()}


def jobs(path: Path) -> dict[str, dict[str, Any]]:
    return dict(read(path)["jobs"])


def steps(path: Path) -> Iterator[tuple[str, Step]]:
    for name, job in jobs(path).items():
        for step in job["steps"]:
            yield name, step


def commands(path: Path) -> Iterator[str]:
    """Every line that a shell gets."""
    for _, step in steps(path):
        yield from step.get("run", "").splitlines()


def test_there_are_tests_and_a_release() -> None:
    assert {path.name for path in WORKFLOWS} == {"ci.yml", "release.yml"}


@each_workflow
def test_strangers_cannot_start_what_has_secrets(path: Path) -> None:
    triggers = set(read(path)["on"])
    assert not triggers & {"pull_request_target", "workflow_run", "issue_comment"}
    if "secrets." in path.read_text(encoding="utf-8"):
        assert "pull_request" not in triggers


@each_workflow
def test_nothing_may_write_but_the_last_step_of_a_release(path: Path) -> None:
    assert read(path)["permissions"] == {"contents": "read"}
    wider = {name: job["permissions"] for name, job in jobs(path).items() if "permissions" in job}
    allowed = {"publish": {"contents": "write", "id-token": "write", "attestations": "write"}}
    assert wider == (allowed if path == RELEASE else {})


@each_workflow
def test_every_job_ends_and_two_of_a_kind_do_not_run_at_once(path: Path) -> None:
    assert read(path)["concurrency"]["group"]
    for name, job in jobs(path).items():
        assert 0 < job["timeout-minutes"] <= 150, name
        assert "self-hosted" not in str(job["runs-on"]), name


@each_workflow
def test_actions_are_pinned_by_their_commit(path: Path) -> None:
    used = re.findall(r"uses: *(.*)", path.read_text(encoding="utf-8"))
    assert used
    for line in used:
        # A tag can be moved to other code; the comment says which release the commit is.
        assert re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line


@each_workflow
def test_the_same_action_is_the_same_everywhere(path: Path) -> None:
    used = re.findall(
        r"uses: *(\S+)@(\S+)", "\n".join(each.read_text(encoding="utf-8") for each in WORKFLOWS)
    )
    assert len(dict(used)) == len(set(used))


@each_workflow
def test_the_token_is_not_left_for_later_steps(path: Path) -> None:
    for name, step in steps(path):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False, name


@each_workflow
def test_nothing_is_installed_without_hashes(path: Path) -> None:
    installs = [
        line for line in commands(path) if re.search(r"\bpip3? install\b|\buv\b|\bpipx\b|\bnpm\b", line)
    ]
    assert installs
    for line in installs:
        lock = re.search(r"--require-hashes -r (\S+)", line)
        if lock is None:
            assert "--no-deps --no-index" in line, line
        else:
            assert lock[1] in locks.LOCKS, line


@each_workflow
def test_no_package_is_built_out_of_its_source(path: Path) -> None:
    """That would bring its own tools along, which no lock knows, and run whatever it likes."""
    assert read(path)["env"]["PIP_ONLY_BINARY"] == ":all:"


@each_workflow
def test_a_command_that_fails_within_a_pipe_fails_the_step(path: Path) -> None:
    """Only a shell that is asked for by name has `pipefail`; Windows' own goes on after most failures."""
    assert read(path)["defaults"]["run"]["shell"] == "bash"
    for name, job in jobs(path).items():
        assert "defaults" not in job, name
    for name, step in steps(path):
        assert step.get("shell", "bash") in {"bash", "pwsh"}, name
        assert not re.search(r"\bexport \w+=.*\$\(", step.get("run", "")), f"{name}: hides a failure"


@each_workflow
def test_a_shell_of_linux_and_macos_understands_every_command(path: Path, tmp_path: Path) -> None:
    for number, (name, step) in enumerate(steps(path)):
        if step.get("shell") != "pwsh" and "run" in step:
            script = tmp_path / f"{number}.sh"
            script.write_text(step["run"], encoding="utf-8")
            ended = subprocess.run(
                ["bash", "-n", str(script)], capture_output=True, text=True, check=False, timeout=60
            )
            assert ended.returncode == 0, f"{name}: {step.get('name')}: {ended.stderr}"


def test_secrets_are_those_of_an_environment_of_their_own() -> None:
    """What the repository has, every branch's workflow can read; an environment can be for tags only."""
    for name, job in jobs(RELEASE).items():
        if "secrets." in str(job):
            assert job["environment"] == "signing", name
            # Nothing is signed that did not pass.
            assert job["needs"] == "package", name
    page = (ROOT / "docs" / "RELEASING.md").read_text(encoding="utf-8")
    for job in jobs(RELEASE).values():
        if "environment" in job:
            assert f"`{job['environment']}`" in page


def test_a_secret_is_asked_for_in_no_condition() -> None:
    """There it is always empty: the step would be left out in silence."""
    for name, job in jobs(RELEASE).items():
        assert "secrets." not in str(job.get("if", "")), name
        for step in job["steps"]:
            assert "secrets." not in str(step.get("if", "")), step.get("name")


@each_workflow
def test_no_text_from_outside_becomes_part_of_a_command(path: Path) -> None:
    """A branch may be named `$(…)`: such values reach a shell as variables alone."""
    for name, step in steps(path):
        assert "${{" not in step.get("run", ""), f"{name}: {step.get('name')}"


@each_workflow
def test_what_the_commands_name_is_there(path: Path) -> None:
    text = "\n".join(commands(path))
    modules = re.findall(r"-m (tools\.\w+|migrator)\b", text)
    for module in modules:
        place = ROOT / module.replace(".", "/")
        assert place.with_suffix(".py").exists() or place.is_dir(), module
    for file in re.findall(
        r"(?<![\w/.-])((?:tools|tests|\.ci|docs)/[\w./-]+|requirements[\w-]*\.txt|engine\.spec)", text
    ):
        assert (ROOT / file.rstrip(".")).exists(), file


@each_workflow
def test_python_is_one_that_the_program_runs_on(path: Path) -> None:
    matrix = jobs(path).get("linux", {}).get("strategy", {}).get("matrix", {}).get("python", [])
    named = re.findall(r'python-version: "([\d.]+)"', path.read_text(encoding="utf-8"))
    versions = [*matrix, *named]
    assert versions
    assert all(isinstance(version, str) for version in versions), "3.10 without quotes is 3.1"
    assert min(tuple(map(int, version.split("."))) for version in versions) >= (3, 11)


def test_signing_is_left_out_loudly_where_the_owner_set_no_secret() -> None:
    job = jobs(RELEASE)["executable"]
    for system in ("WINDOWS", "MACOS"):
        switch = f"CAN_SIGN_{system}"
        assert job["env"][switch] == f"${{{{ secrets.{system}_CERTIFICATE != '' }}}}"
        without = [step for step in job["steps"] if f"env.{switch} != 'true'" in step.get("if", "")]
        assert len(without) == 1
        assert "::warning::" in without[0]["run"]
        assert f"{system}_CERTIFICATE" in without[0]["run"]
    for step in job["steps"]:
        if "secrets." in str(step.get("env", "")):
            assert re.search(r"env\.CAN_SIGN_\w+ == 'true'", step["if"]), step["name"]


def test_a_release_is_checked_built_for_each_system_tried_and_vouched_for() -> None:
    work = jobs(RELEASE)
    names = {entry["name"] for entry in work["executable"]["strategy"]["matrix"]["include"]}
    assert names == {"linux-x86_64", "windows-x86_64", "macos-arm64", "macos-x86_64"}
    assert set(work["publish"]["needs"]) == set(work) - {"publish"}
    assert work["publish"]["environment"] == "release"
    lines = "\n".join(commands(RELEASE))
    for wanted in (
        r"pip_audit --strict .*requirements\.txt",
        r"pip_audit --strict .*requirements-build\.txt",
        r"tools\.licences",
        r"tools\.sbom --validate \"out/lyve-s3-migrator",
        r"tools\.sbom --validate \"\$bill\"",
        r"tools\.sbom --executable",
        r"tools\.executable",
        r"demo --headless",
        r"sha256sum",
        r"gh release create .* files/\*",
    ):
        assert re.search(wanted, lines), wanted
    assert any("actions/attest-build-provenance@" in step.get("uses", "") for _, step in steps(RELEASE))


def test_what_the_owner_has_to_set_is_documented() -> None:
    secrets = set(re.findall(r"secrets\.(\w+)", RELEASE.read_text(encoding="utf-8")))
    page = (ROOT / "docs" / "RELEASING.md").read_text(encoding="utf-8")
    assert secrets
    assert not {name for name in secrets if f"`{name}`" not in page}
