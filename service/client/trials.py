"""Calls for trials: ask, report and tell, the table, checkpoints and models."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Literal

from caviar.service.client.connection import Connection
from caviar.service.client.paths import path_of
from caviar.service.contract import limits, schemas
from caviar.service.contract.arguments import listed, mapping, whole
from caviar.service.contract.plain import plain
from caviar.service.contract.schemas.ask_report_tell import LEASE_SECONDS
from caviar.service.contract.schemas.base import Setting

# Where nothing is set up, as in a notebook, Python prints warnings to the standard error.
logger = logging.getLogger("caviar")


BEST_CHARACTERS = 7_000
"""The length of the header with a trial's best: proxies take lines of 8 KiB."""


class TrialCalls(Connection):
    """Ask, report and tell; read, enqueue and export trials; checkpoints and models."""

    def ask(
        self,
        study: str | None = None,
        *,
        count: int = 1,
        worker: str = "anonymous",
        lease_seconds: float = LEASE_SECONDS,
        prefetched: bool = False,
    ) -> schemas.AskAnswer:
        """Lease up to `count` trials.

        Args:
            study: the study's name; None asks for trials of any running study of networks.
            count: the largest number of trials.
            worker: the worker's name.
            lease_seconds: how long the leases last without a report.
            prefetched: whether the trials start later: until the first report without
                `prefetched`, an expired lease does not count as an attempt.
        """
        path = "/ask" if study is None else f"{path_of(study)}/ask"
        body = schemas.AskBody(
            count=plain(count, "count"),
            worker=worker,
            lease_seconds=plain(lease_seconds, "lease_seconds"),
            prefetched=prefetched,
        )
        return self._call("POST", path, schemas.AskAnswer, body=body, idempotent=True)

    def report(self, study: str, reports: Sequence[schemas.Report]) -> list[schemas.Decision]:
        """Report metrics of epochs; returns a decision for each reported trial."""
        body = schemas.ReportBody(reports=listed(reports, "reports"))
        answer = self._call("POST", f"{path_of(study)}/report", schemas.ReportAnswer, body=body)
        return answer.decisions

    def tell(self, study: str, results: Sequence[schemas.Result]) -> list[schemas.Recorded]:
        """Send results of segments. One that comes too late is refused by itself.

        A result is taken from the holder of the trial's last lease, also when that has run out,
        until the trial is leased again.

        Returns:
            An entry for each result, in the same order; that of a refused one has a problem,
            which is also logged as a warning.
        """
        body = schemas.TellBody(results=listed(results, "results"))
        path = f"{path_of(study)}/tell"
        answer = self._call("POST", path, schemas.TellAnswer, body=body, idempotent=True)
        for result, item in zip(body.results, answer.results, strict=True):
            if not item.recorded and result.state != "waiting":
                why = "" if item.problem is None else item.problem.detail
                logger.warning(
                    "the result of trial %s of study %r was not recorded: %s",
                    item.number,
                    study,
                    why,
                )
        return answer.results

    def release(
        self, study: str, trials: Sequence[schemas.LeasedTrial | schemas.Held]
    ) -> list[schemas.Released]:
        """Give leased trials back: they wait again at once, and no attempt is counted.

        Args:
            study: the study's name.
            trials: what `ask` gave, or the number and the token of each lease.

        Returns:
            An entry for each trial, in the same order; a stale lease is the problem of its entry.
        """
        held = [
            schemas.Held(number=trial.number, lease=trial.lease.token)
            if isinstance(trial, schemas.LeasedTrial)
            else trial
            for trial in listed(trials, "trials")
        ]
        body = schemas.ReleaseBody(trials=held)
        path = f"{path_of(study)}/release"
        return self._call("POST", path, schemas.ReleaseAnswer, body=body, idempotent=True).trials

    def enqueue(self, study: str, params: Sequence[Mapping[str, Setting]]) -> list[schemas.Trial]:
        """Enqueue trials with params of your own: `[{"learning_rate": 0.01, …}, …]`.

        Raises:
            Invalid: params are not valid; names all fields, and no trial is enqueued.
            Conflict: the study has ended, or its budget is too small for all of them.
        """
        body = {
            "trials": [
                {"params": dict(mapping(values, f"params[{at}]"))}
                for at, values in enumerate(listed(params, "params"))
            ]
        }
        path = f"{path_of(study)}/trials"
        return self._call("POST", path, schemas.EnqueueAnswer, body=body, idempotent=True).trials

    def export(self, study: str, *, format: Literal["csv", "json"] = "csv") -> str:  # noqa: A002
        """The whole table of trials as CSV or JSON text."""
        path = f"{path_of(study)}/export"
        return self._send("GET", path, query={"format": format}).text

    def trials(
        self,
        study: str,
        *,
        since: int | None = None,
        state: str | Sequence[str] | None = None,
        where: str | Sequence[str] | None = None,
        min_value: float | None = None,
        max_value: float | None = None,
        round: int | None = None,  # noqa: A002
        worker: str | None = None,
        tags: str | Sequence[str] | None = None,
        note: str | None = None,
        sort: str = "number",
        limit: int | None = None,
    ) -> list[schemas.Trial]:
        """The trials of a study that pass every filter, sorted.

        Args:
            study: the study's name.
            since: only trials that changed after this revision.
            state: only trials in this state, or in one of these.
            where: a condition on a parameter or a metric, or several of them:
                "learning_rate>=0.01", "optimizer=adam", "metrics.validation_error<0.1".
            min_value: only trials of at least this value.
            max_value: only trials of at most this value.
            round: only trials of this round.
            worker: only trials that this worker was given last.
            tags: only trials that have this tag, or all of these.
            note: only trials with this text in their note.
            sort: a column, such as "value"; "-value" for descending order. Of a study of a few
                thousand trials also "params.NAME", "metrics.NAME" and "seconds".
            limit: the largest number of trials.
        """
        if limit is not None:
            limit = whole(limit, "limit", least=0)
        page = limits.PAGE if limit is None else min(limit, limits.PAGE)
        query = {
            "since": since,
            "state": state,
            "where": where,
            "min_value": min_value,
            "max_value": max_value,
            "round": round,
            "worker": worker,
            "tag": tags,
            "note": note,
            "sort": sort,
            "limit": page,
        }
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
        """One trial, with its checkpoints, rungs and journal."""
        return self._call("GET", f"{path_of(study)}/trials/{number}", schemas.TrialDetail)

    def annotate(
        self,
        study: str,
        number: int,
        *,
        note: str | None = None,
        tags: Sequence[str] | None = None,
    ) -> schemas.TrialDetail:
        """Change the note or the tags of a trial.

        Args:
            study: the study's name.
            number: the trial's number.
            note: what there is to say about it; an empty text takes the note away.
            tags: its tags, in place of those that it has.
        """
        body = schemas.Annotation.model_validate(_annotation(note, tags))
        path = f"{path_of(study)}/trials/{number}"
        return self._call("PATCH", path, schemas.TrialDetail, body=body)

    def annotate_many(
        self,
        study: str,
        numbers: Sequence[int],
        *,
        note: str | None = None,
        tags: Sequence[str] | None = None,
    ) -> list[schemas.AnnotationStored]:
        """Give many trials the same note or the same tags; see `annotate`.

        Returns:
            An entry for each trial, in the same order; one that is not there has its problem.
        """
        fields = _annotation(note, tags)
        stored: list[schemas.AnnotationStored] = []
        for first in range(0, len(numbers), limits.ANNOTATED_PER_CALL):
            some = numbers[first : first + limits.ANNOTATED_PER_CALL]
            body = {"trials": [{"number": number, **fields} for number in some]}
            path = f"{path_of(study)}/trials"
            stored += self._call("PATCH", path, schemas.AnnotationsAnswer, body=body).trials
        return stored

    def curve(self, study: str, number: int) -> schemas.Curve:
        """The metrics of a trial by epoch."""
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
        """Store a checkpoint of a trial under its current lease.

        Args:
            study: the study's name.
            number: the trial's number.
            content: an .npz checkpoint of a network; of an external objective any bytes.
            lease: the token of the lease.
            best: the best value of the trial so far.
            epoch: of an external objective, the reported epoch from which the checkpoint continues.

        Raises:
            Invalid: the content is not a checkpoint, or not of this trial.
            Conflict: the lease is not current.
        """
        headers = {"Content-Type": "application/octet-stream", "Caviar-Lease": lease}
        if best is not None:
            headers["Caviar-Best"] = _best_header(best)
        if epoch is not None:
            headers["Caviar-Epoch"] = str(epoch)
        path = f"{path_of(study)}/trials/{number}/checkpoint"
        response = self._send("PUT", path, content=content, headers=headers)
        return schemas.CheckpointKept.model_validate_json(response.content)

    def checkpoint(self, study: str, number: int, *, epoch: int | None = None) -> bytes:
        """The newest checkpoint of a trial, or the one of an epoch; of a network an .npz file.

        Raises:
            NotFound: the checkpoint is not kept.
        """
        path = f"{path_of(study)}/trials/{number}/checkpoint"
        return self._send("GET", path, query={"epoch": epoch}).content

    def model(self, study: str, number: int) -> bytes:
        """The model of a trial: of a network for `caviar.load`, of a function what it saved last.

        `caviar.service.client.saved.load_saved` makes the object of it that was saved.

        Raises:
            NotFound: the model is not kept.
        """
        return self._send("GET", f"{path_of(study)}/trials/{number}/model").content


def _annotation(note: str | None, tags: Sequence[str] | None) -> dict[str, Any]:
    """The fields of an annotation that are given."""
    fields: dict[str, Any] = {"note": note, "tags": None if tags is None else list(tags)}
    return {name: value for name, value in fields.items() if value is not None}


def _best_header(best: schemas.Best) -> str:
    """The best of a trial as JSON in one header, with as many metrics as fit, the value's first."""
    room = BEST_CHARACTERS - len(json.dumps({**best.model_dump(), "metrics": {}, "cut": True}))
    metrics: dict[str, float] = {}
    for name, value in sorted(best.metrics.items(), key=lambda item: item[1] != best.value):
        room -= len(json.dumps({name: value}))
        if room < 0:
            break
        metrics[name] = value
    cut = {"cut": True} if len(metrics) < len(best.metrics) else {}
    return json.dumps({"value": best.value, "epoch": best.epoch, "metrics": metrics, **cut})
