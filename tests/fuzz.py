"""Fuzz a real server over its OpenAPI description: `make fuzz`, or `make fuzz CASES=10000`.

Schemathesis sends what the description allows and what it does not, in all its phases: the
examples, the edges of each field, requests at random, and sequences in which one answer's values go
into the next request. It does so without a key on a server that has none, then with a key of each
scope and without one on a server that has keys. A 500, an answer that is not as described, or a
status that is not described fails the run, with the request as a call of curl.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.factories.studies import external, halving, network
from tests.processes import free_port, process, run, wait_until_ready

CASES = int(os.environ.get("CASES", "20000"))
"""About how many requests are sent, by all callers together."""

SEED = os.environ.get("SEED", "1")

FEW = 3_000
"""About how many requests the edges of all fields take, of one caller, whatever CASES is."""

PHASES_AT_RANDOM = 2

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "use_after_free",
)
SCOPES = ("read", "submit", "work", "admin")


@dataclass(frozen=True)
class Caller:
    """Who calls, and what is checked of the answers."""

    name: str
    key: str | None = None
    checks: Sequence[str] = CHECKS

    @property
    def headers(self) -> dict[str, str]:
        """The headers that prove who it is."""
        return {} if self.key is None else {"Authorization": f"Bearer {self.key}"}


def main() -> None:
    """Fuzz with each caller; the exit code is 1 if anything was found."""
    found = []
    with tempfile.TemporaryDirectory() as name:
        open_folder, locked_folder = Path(name, "open"), Path(name, "locked")
        found += fuzz(open_folder, [Caller("no key, where there are none")])
        admin = key(locked_folder, "owner", "admin")
        callers = [
            Caller(f"a key to {scope}", key(locked_folder, scope, scope), (*CHECKS, "ignored_auth"))
            for scope in SCOPES
        ]
        found += fuzz(locked_folder, [*callers, Caller("no key, where there are some")], admin)
    if found:
        sys.exit(f"found with: {', '.join(found)}")
    print("nothing was found")


def key(folder: Path, name: str, scope: str) -> str:
    """A key of a server's folder."""
    made = run("key", "create", name, "--scope", scope, "--data", str(folder), "--json")
    return str(json.loads(made)["key"])


def fuzz(folder: Path, callers: Sequence[Caller], owner: str | None = None) -> list[str]:
    """Let callers send their requests to a server of a folder; the names of those that found."""
    port = free_port()
    server = f"http://127.0.0.1:{port}"
    with process("serve", "--data", str(folder), "--port", str(port), "--log-level", "error"):
        wait_until_ready(server)
        headers = Caller("", owner).headers
        description = folder / "openapi.json"
        with httpx.Client(base_url=server, headers=headers, trust_env=False, timeout=60) as http:
            description.write_text(http.get("/openapi.json").raise_for_status().text)
            found = []
            for caller in callers:
                fill(http)
                print(f"\n==== {caller.name} ====", flush=True)
                if not passes(description, server, caller):
                    found.append(caller.name)
    return found


def fill(http: httpx.Client) -> None:
    """Make the studies again that the examples of the description name, with trials in all states.

    What callers create, delete and stop is not what the next one begins with.
    """
    made = [network("digits", trials=12), external("digits-old", trials=6), halving("digits-again")]
    for definition in made:
        name = definition["name"]
        http.delete(f"/studies/{name}")
        http.post("/studies", json=definition).raise_for_status()
        asked = http.post(f"/studies/{name}/ask", json={"count": 5, "worker": "laptop-1"})
        leased = asked.raise_for_status().json()["trials"]
        results = [
            {"number": trial["number"], "lease": trial["lease"]["token"], "value": 0.5}
            for trial in leased[:3]
        ]
        http.post(f"/studies/{name}/tell", json={"results": results}).raise_for_status()
        http.post(f"/studies/{name}/trials/4/pause").raise_for_status()


def passes(description: Path, server: str, caller: Caller) -> bool:
    """Whether a caller's requests find nothing."""
    operations = json.loads(description.read_text())["paths"].values()
    count = sum(map(len, operations))
    share = CASES / (len(SCOPES) + 2)
    examples = max(1, round((share - FEW) / (PHASES_AT_RANDOM * count)))
    headers = [f"--header={name}: {value}" for name, value in caller.headers.items()]
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run", str(description), "--url", server),
        *headers,
        f"--checks={','.join(caller.checks)}",
        f"--max-examples={examples}",
        f"--seed={SEED}",
        *("--phases=examples,coverage,fuzzing,stateful", "--workers=2", "--warnings=off"),
        *("--generation-database=none", "--continue-on-failure", "--request-timeout=60"),
    ]
    return subprocess.run(command, check=False, cwd=description.parent).returncode == 0


if __name__ == "__main__":
    main()
