"""The description of the API: every operation has a description and an example."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from caviar.service.client import Client
from caviar.service.contract import limits, schemas
from caviar.service.contract.schemas.definition import DIGITS

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


def test_the_examples_are_what_the_schemas_say(client: Client) -> None:
    seen = set()
    for name, operation, spec in operations(client):
        contents = [operation.get("requestBody", {}).get("content", {})]
        answers = operation["responses"].items()
        contents += [each.get("content", {}) for status, each in answers if status[0] == "2"]
        for content in contents:
            for kind, described in content.items():
                if kind == "application/json":
                    model = described["schema"]["$ref"].rpartition("/")[2]
                    seen.add(model)
                    for example in examples_of(described["schema"], spec):
                        _check(getattr(schemas, model), example)
                elif kind == "text/plain":
                    assert described["example"], name
    assert {"StudyDefinition", "TrialActionsBody", "WorkerList", "TrialPage"} <= seen


def _check(model: type[BaseModel], example: dict[str, Any]) -> None:
    """The example is valid as JSON, and names no field that the model has not."""
    model.model_validate_json(json.dumps(example))
    assert example.keys() <= model.model_fields.keys(), model


def test_bounds_of_optional_numbers_have_the_names_that_schemas_know(client: Client) -> None:
    known = client._http.get("/openapi.json").json()["components"]["schemas"]
    epoch = known["Report"]["properties"]["adjusted_at"]["anyOf"][0]
    assert epoch == {"type": "integer", "minimum": 0, "maximum": limits.EPOCHS}
    assert known["Budget"]["properties"]["trials"]["minimum"] == 1


def test_the_example_of_a_study_is_taken(client: Client) -> None:
    assert client._http.post("/studies", json=DIGITS).status_code == 201


def test_the_description_speaks_of_problems(client: Client) -> None:
    spec = client._http.get("/openapi.json").json()
    for methods in spec["paths"].values():
        for operation in methods.values():
            content = operation["responses"]["4XX"]["content"]
            assert list(content) == ["application/problem+json"]
    assert "Problem" in spec["components"]["schemas"]
