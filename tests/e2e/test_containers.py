"""docker-compose.yml, without a container engine: its commands as processes, its environment."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy.engine import make_url

from caviar.service.client import Client
from caviar.service.contract.states import StudyState
from caviar.service.server.store.database import Database
from tests.databases import Databases
from tests.factories.studies import network
from tests.fakes.apps import listening
from tests.processes import PATIENCE_SECONDS, free_port, process, run, wait_until_ready

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The file, as YAML means it."""
    content: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return content


def here(value: str, database: str, port: int) -> str:
    """A value of the file for this machine: its database, its port, its host."""
    value = re.sub(r"\$\{\w+:[-?]([^}]*)\}", r"\1", value)
    if value.startswith("postgresql://"):
        assert make_url(value).host == "postgres"
        return database
    return value.replace("8700", str(port)).replace("//serve:", "//127.0.0.1:")


@pytest.fixture
def commands(
    compose: dict[str, Any], databases: Databases, tmp_path: Path
) -> Iterator[dict[str, tuple[list[str], dict[str, str]]]]:
    """Arguments and environment of each of our services."""
    port = free_port()
    with databases.new("postgresql", tmp_path, migrated=False) as database:
        yield {
            name: (
                [here(part, database, port) for part in service["command"]],
                {key: here(value, database, port) for key, value in service["environment"].items()},
            )
            for name, service in compose["services"].items()
            if name not in ("postgres", "function")
        }


@pytest.mark.postgres
@pytest.mark.processes
def test_the_services_run_as_the_file_says(
    commands: dict[str, tuple[list[str], dict[str, str]]],
) -> None:
    arguments, environment = commands["upgrade"]
    run(*arguments, environment=environment)
    arguments, environment = commands["work"]
    server = environment["CAVIAR_SERVER"]
    with ExitStack() as stack:
        serving, database = commands["serve"]
        stack.enter_context(process(*serving, environment=database))
        wait_until_ready(server)
        for name in ("one", "two"):  # `--scale work=2`
            worker = ("--name", name)
            stack.enter_context(process(*arguments, *worker, environment=environment))
        client = stack.enter_context(Client(server))
        assert "PostgreSQL" in client.health().database
        client.create_study(network("composed", trials=12))
        study = client.wait("composed", timeout_seconds=PATIENCE_SECONDS)
        assert study.state == StudyState.COMPLETED
        assert study.progress.finished == 12


def test_serve_waits_for_the_upgrade_and_work_for_serve(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert services["upgrade"]["depends_on"]["postgres"]["condition"] == "service_healthy"
    upgraded = services["serve"]["depends_on"]["upgrade"]
    assert upgraded["condition"] == "service_completed_successfully"
    assert services["work"]["depends_on"]["serve"]["condition"] == "service_healthy"
    for name in ("postgres", "serve"):
        assert services[name]["healthcheck"]["test"]
    assert services["serve"]["ports"] == ["127.0.0.1:8700:8700"]


def test_what_ends_is_started_again_and_a_password_must_be_set(compose: dict[str, Any]) -> None:
    services = compose["services"]
    for name, service in services.items():
        assert service["restart"] == ("no" if name == "upgrade" else "unless-stopped")
    for environment in (services["postgres"]["environment"], services["serve"]["environment"]):
        [password] = (value for key, value in environment.items() if key.endswith("PASSWORD"))
        assert password.startswith("${POSTGRES_PASSWORD:?")
    [mount] = services["function"]["volumes"]
    assert mount["target"] == "/home/caviar/train.py"
    assert services["function"]["profiles"] == ["function"]


def test_images_are_pinned_to_full_versions(compose: dict[str, Any]) -> None:
    bases = re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert len(set(bases)) == 1
    for image in (*bases, compose["services"]["postgres"]["image"]):
        assert re.search(r":\d+\.\d+", image), image


def test_the_health_check_asks_what_the_server_answers(
    compose: dict[str, Any], database: Database
) -> None:
    check = compose["services"]["serve"]["healthcheck"]["test"]
    with listening(database) as server:
        port = server.rpartition(":")[2]
        exec(compile(check[3].replace("8700", port), "healthcheck", "exec"))


def test_the_image_holds_every_package_of_the_project() -> None:
    copied = (ROOT / "Dockerfile").read_text()
    for name in ("sampler", "engine", "service", "migrations", "src", "constraints.txt"):
        assert name in copied
