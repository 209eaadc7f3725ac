"""The files in deploy/: what they start exists, and ports, names and variables fit together."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from caviar.service.cli.main import app
from caviar.service.contract.keys import KEY_FILE_VARIABLE, KEY_VARIABLE, Scope
from caviar.service.contract.schemas import KeyBody
from caviar.service.server.operations import keys
from caviar.service.server.store.database import Database
from tests.fakes.apps import listening
from tests.processes import http

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"

Json = dict[str, Any]


def parsed(arguments: Sequence[str]) -> Json:
    """The values of a command's options, as the command reads them; it fails on unknown ones."""
    command: Any = get_command(app)
    context, rest = None, list(arguments)
    while hasattr(command, "commands"):
        name = rest.pop(0)
        command = command.get_command(context, name)
        assert command is not None, f"there is no command {name}"
    made: Any = command.make_context(command.name, rest)
    return dict(made.params)


def variables(arguments: Sequence[str]) -> set[str]:
    """The environment variables that a command reads."""
    command: Any = get_command(app)
    for name in arguments:
        if not hasattr(command, "commands"):
            break
        command = command.get_command(None, name)
    named = {option.envvar for option in command.params if isinstance(option.envvar, str)}
    return named | {KEY_VARIABLE, KEY_FILE_VARIABLE, "CAVIAR_CACHE", "CAVIAR_DATASETS"}


@pytest.fixture(scope="module")
def manifests() -> dict[tuple[str, str], Json]:
    """The Kubernetes objects by kind and name."""
    found = yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text())
    return {(each["kind"], each["metadata"]["name"]): each for each in found}


def containers(manifests: dict[tuple[str, str], Json]) -> Iterator[Json]:
    """Every container of every pod."""
    for (kind, _), manifest in manifests.items():
        if kind == "Deployment":
            pod = manifest["spec"]["template"]["spec"]
            yield from (*pod.get("initContainers", ()), *pod["containers"])


def test_pods_run_commands_and_set_variables_that_exist(
    manifests: dict[tuple[str, str], Json],
) -> None:
    names = []
    for container in containers(manifests):
        names.append(container["name"])
        arguments = container["args"]
        if "command" in container:  # a shell that waits for a key
            arguments = shlex.split(re.search(r"caviar (.*?) \|", arguments[0])[1])  # type: ignore[index]
        parsed(arguments)
        assert {variable["name"] for variable in container["env"]} <= variables(arguments)
        assert container["securityContext"]["allowPrivilegeEscalation"] is False
    assert names == ["upgrade", "wait-for-key", "serve", "work"]


def test_ports_names_and_labels_of_the_pods_fit_together(
    manifests: dict[tuple[str, str], Json],
) -> None:
    serve = manifests["Deployment", "caviar-serve"]["spec"]
    container = serve["template"]["spec"]["containers"][0]
    options = parsed(container["args"])
    [port] = container["ports"]
    assert port["containerPort"] == options["port"] == 8700
    service = manifests["Service", "caviar-serve"]["spec"]
    labels = serve["template"]["metadata"]["labels"]
    assert service["selector"] == serve["selector"]["matchLabels"] == labels
    assert service["ports"][0]["targetPort"] == port["name"]
    ingress = manifests["Ingress", "caviar"]["spec"]
    hosts = {rule["host"] for rule in ingress["rules"]}
    assert set(options["allowed_host"]) == {"caviar-serve", *hosts}
    [path] = ingress["rules"][0]["http"]["paths"]
    assert path["backend"]["service"]["name"] == "caviar-serve"
    work = manifests["Deployment", "caviar-work"]["spec"]["template"]["spec"]["containers"][0]
    [server] = (v["value"] for v in work["env"] if v["name"] == "CAVIAR_SERVER")
    assert server == f"http://caviar-serve:{service['ports'][0]['port']}"


def test_probes_are_answered_by_a_server_with_keys(
    manifests: dict[tuple[str, str], Json], database: Database
) -> None:
    serve = manifests["Deployment", "caviar-serve"]["spec"]["template"]["spec"]["containers"][0]
    keys.create(database, KeyBody(name="me", scopes=[Scope.ADMIN]))
    with listening(database) as server:
        for probe in ("startupProbe", "readinessProbe"):
            get = serve[probe]["httpGet"]
            headers = {header["name"]: header["value"] for header in get["httpHeaders"]}
            assert http.get(server + get["path"], headers=headers).status_code == 200
            # What Kubernetes would send otherwise: the address of the pod.
            other = http.get(server + get["path"], headers={"Host": "10.1.2.3:8700"})
            assert other.status_code != 200


def test_a_slurm_job_becomes_a_worker(tmp_path: Path) -> None:
    script = DEPLOY / "slurm.sbatch"
    text = script.read_text()
    settings = dict(re.findall(r"^#SBATCH --([\w-]+)=(\S+)", text, re.MULTILINE))
    assert settings["signal"].startswith("B:TERM@")
    (tmp_path / "caviar").write_text('#!/bin/sh\nprintf "%s\\n" "$CAVIAR_KEY_FILE" "$@"\n')
    (tmp_path / "caviar").chmod(0o755)
    environment = {
        "PATH": f"{tmp_path}:/usr/bin:/bin",
        "HOME": "/home/ana",
        "CAVIAR_SERVER": "https://caviar.example.org",
        "SLURM_CPUS_PER_TASK": settings["cpus-per-task"],
        "SLURM_ARRAY_JOB_ID": "77",
        "SLURM_ARRAY_TASK_ID": "3",
    }
    run = ["bash", str(script)]
    done = subprocess.run(run, env=environment, capture_output=True, text=True, check=True)
    key_file, *arguments = done.stdout.splitlines()
    assert key_file == "/home/ana/.caviar-key"
    options = parsed(arguments)
    assert (options["jobs"], options["name"]) == (8, "slurm-77-3")
    del environment["CAVIAR_SERVER"]
    refused = subprocess.run(run, env=environment, capture_output=True, text=True, check=False)
    assert refused.returncode != 0
    assert "CAVIAR_SERVER" in refused.stderr


@pytest.mark.parametrize("name", ["serve", "work"])
def test_a_unit_starts_a_command_and_waits_for_its_end(name: str) -> None:
    lines = (DEPLOY / f"caviar-{name}.service").read_text().splitlines()
    settings = [line.partition("=")[::2] for line in lines if "=" in line and line[0] != "#"]
    unit = dict(settings)
    program, *arguments = shlex.split(unit["ExecStart"])
    assert program == "/opt/caviar/bin/caviar"
    assert arguments[0] == name
    parsed(arguments)
    set_here = {value.partition("=")[0] for key, value in settings if key == "Environment"}
    in_file = set(re.findall(r"^#   (\w+)=", "\n".join(lines), re.MULTILINE))
    assert set_here | in_file <= variables(arguments)
    assert int(unit["TimeoutStopSec"]) > 10


def test_the_proxy_admits_checkpoints_and_finds_the_servers() -> None:
    text = (DEPLOY / "nginx.conf").read_text()
    assert "client_max_body_size 300m;" in text
    assert set(re.findall(r"^\s+server [\d.]+:(\d+)", text, re.MULTILINE)) == {"8700"}
    assert text.count("{") == text.count("}")
