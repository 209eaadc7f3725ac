"""The client's calls about trials."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Literal

from caviar.service.client.connection import Connection
from caviar.service.client.paths import path_of
from caviar.service.contract import schemas

LEASE_SECONDS = 60.0
"""How long a lease lasts without a report."""


PAGE = 1000
"""Trials in one answer, at most."""


class TrialCalls(Connection):
    """Trials: ask, report, tell; the table, one trial, its curve."""

    def ask(
        self,
        study: str | None = None,
        *,
        count: int = 1,
        worker: str = "anonymous",
        lease_seconds: float = LEASE_SECONDS,
        prefetched: bool = False,
    ) -> schemas.AskAnswer:
        """Lease up to `count` trials of a study, or without one of any study of networks.

        With `prefetched`, a trial begins with its first report: until then no lost lease counts.
        """
        path = "/ask" if study is None else f"{path_of(study)}/ask"
        body = schemas.AskBody(
            count=count, worker=worker, lease_seconds=lease_seconds, prefetched=prefetched
        )
        return self._call("POST", path, schemas.AskAnswer, body=body, idempotent=True)

    def report(self, study: str, reports: Sequence[schemas.Report]) -> list[schemas.Decision]:
        """Report metrics of epochs; returns what to do next with each trial."""
        body = schemas.ReportBody(reports=list(reports))
        answer = self._call("POST", f"{path_of(study)}/report", schemas.ReportAnswer, body=body)
        return answer.decisions

    def tell(self, study: str, results: Sequence[schemas.Result]) -> list[schemas.Recorded]:
        """Give final results; a stale lease shows in its own entry."""
        body = schemas.TellBody(results=list(results))
        path = f"{path_of(study)}/tell"
        return self._call("POST", path, schemas.TellAnswer, body=body, idempotent=True).results

    def enqueue(self, study: str, settings: Sequence[Mapping[str, Any]]) -> list[schemas.Trial]:
        """Let settings of your own be tried next: `[{"learning_rate": 0.01, …}, …]`.

        Raises:
            Invalid: names everything that is wrong with any of them; none is tried then.
            Conflict: the study has ended, or its budget has no room for all of them.
        """
        body = {"trials": [{"params": dict(setting)} for setting in settings]}
        path = f"{path_of(study)}/trials"
        return self._call("POST", path, schemas.EnqueueAnswer, body=body, idempotent=True).trials

    def export(self, study: str, *, format: Literal["csv", "json"] = "csv") -> str:  # noqa: A002
        """The whole table of trials as the text of a file."""
        path = f"{path_of(study)}/export"
        return self._send("GET", path, query={"format": format}).text

    def trials(
        self,
        study: str,
        *,
        since: int | None = None,
        state: str | None = None,
        sort: str = "number",
        limit: int | None = None,
    ) -> list[schemas.Trial]:
        """The trials of a study, or those changed after revision `since`; `limit` at most."""
        page = PAGE if limit is None else min(limit, PAGE)
        query = {"since": since, "state": state, "sort": sort, "limit": page}
        return list(islice(self._trials(study, query), limit))

    def _trials(self, study: str, query: dict[str, Any]) -> Iterator[schemas.Trial]:
        token = None
        while True:
            page = self._call(
                "GET",
                f"{path_of(study)}/trials",
                schemas.TrialPage,
                query={**query, "page_token": token},
            )
            yield from page.trials
            token = page.next_page_token
            if token is None:
                return

    def trial(self, study: str, number: int) -> schemas.TrialDetail:
        """One trial, with all that is known of its way."""
        return self._call("GET", f"{path_of(study)}/trials/{number}", schemas.TrialDetail)

    def curve(self, study: str, number: int) -> schemas.Curve:
        """Metrics by epoch of one trial."""
        return self._call("GET", f"{path_of(study)}/trials/{number}/curve", schemas.Curve)

    def put_checkpoint(
        self,
        study: str,
        number: int,
        content: bytes,
        *,
        lease: str,
        best: schemas.Best | None = None,
        epoch: int | None = None,
    ) -> schemas.CheckpointKept:
        """Leave a checkpoint of a trial under its current lease.

        That of an external objective may be any octets; `epoch`, which must have been reported,
        says where the trial goes on with them.

        Raises:
            Invalid: it is none, or not of this trial.
            Conflict: the lease is not the current one.
        """
        headers = {"Content-Type": "application/octet-stream", "Caviar-Lease": lease}
        if best is not None:
            headers["Caviar-Best"] = json.dumps(best.model_dump())
        if epoch is not None:
            headers["Caviar-Epoch"] = str(epoch)
        path = f"{path_of(study)}/trials/{number}/checkpoint"
        response = self._send("PUT", path, content=content, headers=headers)
        return schemas.CheckpointKept.model_validate_json(response.content)

    def checkpoint(self, study: str, number: int, *, epoch: int | None = None) -> bytes:
        """The newest checkpoint of a trial, or the one of an epoch.

        Of a network it is an .npz file.

        Raises:
            NotFound: it is not kept.
        """
        path = f"{path_of(study)}/trials/{number}/checkpoint"
        return self._send("GET", path, query={"epoch": epoch}).content

    def model(self, study: str, number: int) -> bytes:
        """The trained network of a trial, for `caviar.load`.

        Raises:
            NotFound: it is not kept.
        """
        return self._send("GET", f"{path_of(study)}/trials/{number}/model").content
