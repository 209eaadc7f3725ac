"""The description of the API: every operation has a description and an example."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from caviar.service.client import Client

OCTETS = "application/octet-stream"


def operations(client: Client) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Every operation with its name and the whole description."""
    spec = client._http.get("/openapi.json").json()
    for path, methods in spec["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation, spec


def examples_of(schema: dict[str, Any], spec: dict[str, Any]) -> list[Any]:
    """The examples of a schema, through its reference."""
    if "$ref" in schema:
        schema = spec["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    found: list[Any] = schema.get("examples", [])
    return found


def test_every_operation_says_what_it_does(client: Client) -> None:
    for name, operation, _ in operations(client):
        assert operation["description"], name


def test_every_body_and_every_answer_has_an_example(client: Client) -> None:
    for name, operation, spec in operations(client):
        content = operation.get("requestBody", {}).get("content", {})
        bodies = [each["schema"] for kind, each in content.items() if kind != OCTETS]
        for status, answer in operation["responses"].items():
            if status.startswith("2") and "application/json" in answer.get("content", {}):
                bodies.append(answer["content"]["application/json"]["schema"])
        for schema in bodies:
            assert examples_of(schema, spec), f"{name}: {schema}"


def test_the_examples_of_the_bodies_are_taken(client: Client) -> None:
    for name, operation, spec in operations(client):
        content = operation.get("requestBody", {}).get("content", {})
        if name == "POST /studies":
            for example in examples_of(content["application/json"]["schema"], spec):
                assert client._http.post("/studies", json=example).status_code == 201


def test_the_description_speaks_of_problems(client: Client) -> None:
    spec = client._http.get("/openapi.json").json()
    for methods in spec["paths"].values():
        for operation in methods.values():
            content = operation["responses"]["4XX"]["content"]
            assert list(content) == ["application/problem+json"]
    assert "Problem" in spec["components"]["schemas"]
