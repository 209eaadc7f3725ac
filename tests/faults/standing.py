"""How a study stands once nothing moves any more, and what the database says of itself."""

from __future__ import annotations

from sqlalchemy import Engine, text

from caviar.service.client import Client
from tests.faults.checker import Final

CHECKS = {
    "sqlite": ["PRAGMA foreign_key_check", "SELECT * FROM pragma_integrity_check WHERE 1 != 1"],
    "postgresql": [
        "SELECT conname FROM pg_constraint WHERE NOT convalidated",
        "SELECT relname FROM pg_index JOIN pg_class ON indexrelid = oid WHERE NOT indisvalid",
    ],
}


def standing(client: Client, name: str, complaints: list[str]) -> Final:
    """How a study stands, as the server tells it."""
    study = client._http.get(f"/studies/{name}").json()
    trials = client._http.get(f"/studies/{name}/trials", params={"limit": 1000}).json()["trials"]
    return Final(study, trials, complaints)


def integrity(engine: Engine) -> list[str]:
    """What the database's own checks complain of."""
    with engine.connect() as connection:
        checks = CHECKS[engine.dialect.name]
        found = [str(row) for query in checks for row in connection.execute(text(query))]
        if engine.dialect.name == "sqlite":
            [word] = connection.execute(text("PRAGMA integrity_check")).scalars()
            found += [] if word == "ok" else [str(word)]
    return found
