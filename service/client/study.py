"""A study in the hands of its user: its state as it was read, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import PrivateAttr

from caviar.service.contract import html, limits, schemas
from caviar.service.contract.arguments import whole
from caviar.service.contract.errors import Conflict, Invalid, NotFound
from caviar.service.contract.numbers import number, setting
from caviar.service.contract.states import StudyState, TrialState

if TYPE_CHECKING:
    from caviar.service.client import Client
    from caviar.service.client.asking import AskedTrial
    from caviar.service.contract.schemas.base import Setting

KEPT = limits.CHECKPOINTS_OF_THE_BEST
"""The trials of a study whose models are kept."""

ENDED = (StudyState.STOPPED, StudyState.COMPLETED)
"""The states in which no trial is given out any more."""


class Study(schemas.Study):
    """A study. Its fields are as they were when it was read; `refresh` reads them again.

    `Client.study(name)`, `Client.create_study(…)`, `caviar.minimize(…)`, `caviar.search(…)` and
    `caviar.study(name)` return it.
    """

    _open: Callable[[], Client] | None = PrivateAttr(default=None)
    _client: Client | None = PrivateAttr(default=None)
    _train: Callable[[Study], None] | None = PrivateAttr(default=None)
    _refit: Callable[[Study, schemas.TrialDetail], Any] | None = PrivateAttr(default=None)

    def __repr__(self) -> str:
        """The name, the state and the best value."""
        progress = f"{self.progress.finished} of {self.progress.total} trials"
        value = None if self.best is None else self.best.value
        best = "" if value is None else f", best {self.objective['metric']} {number(value)}"
        return f"<study {self.name}: {self.state}, {progress}{best}>"

    __str__ = __repr__

    def _repr_html_(self) -> str:
        rows = [
            ("state", str(self.state)),
            ("trials", f"{self.progress.finished} of {self.progress.total}"),
        ]
        if self.best is not None and self.best.value is not None:
            rows.append((f"best {self.objective['metric']}", number(self.best.value)))
            rows.append(("of trial", str(self.best.number)))
            rows += [
                (name, setting(value, self.space.get(name)))
                for name, value in self.best.params.items()
            ]
        rows += [(f"warning: {advice.field}", advice.message) for advice in self.warnings]
        return html.table(rows, caption=f"study {self.name}")

    def refresh(self) -> Self:
        """Read the study again, in place."""
        with self._connected() as client:
            return self._update(client.study(self.name))

    def wait(self, *, timeout_seconds: float | None = None) -> Self:
        """Wait until the study has ended, and read it again.

        Raises:
            TimeoutError: it did not end in time.
        """
        with self._connected() as client:
            return self._update(client.wait(self.name, timeout_seconds=timeout_seconds))

    def pause(self) -> Self:
        """Give out no more trials until `resume`."""
        return self._change(state="paused")

    def resume(self) -> Self:
        """Give out trials again."""
        return self._change(state="running")

    def stop(self) -> Self:
        """End the study before its budget is used."""
        return self._change(state="stopped")

    def top(self, count: int = 5) -> list[schemas.Trial]:
        """The best completed trials, the best first."""
        count = whole(count, "count", least=0)
        order = "-value" if self.direction == "maximize" else "value"
        with self._connected() as client:
            best = client.trials(self.name, state="completed", sort=order, limit=count)
        return [trial for trial in best if not trial.void]

    def list_trials(self, **query: Any) -> list[schemas.Trial]:
        """The trials that pass every filter, sorted; the arguments are those of `Client.trials`.

        study.list_trials(where="learning_rate>=0.01", sort="-value", limit=20)
        """
        with self._connected() as client:
            return client.trials(self.name, **query)

    def annotate(
        self,
        number: int | None = None,
        *,
        note: str | None = None,
        tags: Sequence[str] | None = None,
    ) -> Self:
        """Change the note or the tags of the study, or of one of its trials.

        Args:
            number: the trial's number; by default the study itself.
            note: what there is to say about it; an empty text takes the note away.
            tags: its tags, in place of those that it has.
        """
        with self._connected() as client:
            if number is None:
                return self._update(client.change_study(self.name, note=note, tags=tags))
            client.annotate(self.name, number, note=note, tags=tags)
        return self

    def trial(self, number: int) -> schemas.TrialDetail:
        """One trial, with its checkpoints, rungs and journal."""
        with self._connected() as client:
            return client.trial(self.name, number)

    def curve(self, number: int | None = None) -> schemas.Curve:
        """The metrics of a trial by epoch; of the best one by default.

        Raises:
            NotFound: there is no such trial, or no best one yet.
        """
        with self._connected() as client:
            return client.curve(self.name, self._chosen(client, number))

    def rounds(self) -> list[schemas.Round]:
        """The rounds from coarse to fine, each with the reason for its box."""
        with self._connected() as client:
            return client.rounds(self.name)

    def importance(self) -> schemas.Importance:
        """The importance of each parameter, and the noise."""
        with self._connected() as client:
            return client.importance(self.name)

    def enqueue(self, *params: Mapping[str, Setting]) -> list[schemas.Trial]:
        """Enqueue trials with params of your own: they are trained next."""
        with self._connected() as client:
            return client.enqueue(self.name, params)

    def dataframe(self, library: Literal["pandas", "polars"] | None = None) -> Any:
        """The table of trials: a row a trial, a column `params.NAME` a parameter. Times are in UTC.

        Args:
            library: the library of the frame; by default pandas if it is installed, else polars.

        Raises:
            Invalid: the library is not installed.
        """
        with self._connected() as client:
            trials = client.trials(self.name)
        columns = _columns(self, trials)
        for name in ("pandas", "polars") if library is None else (library,):
            try:
                module = __import__(name)
            except ImportError:
                continue
            if name == "pandas":
                return module.DataFrame(columns)
            return module.DataFrame(columns, strict=False)
        raise Invalid.field("library", f"{library or 'pandas'} is not installed")

    def figure(self, name: str = "best-so-far") -> Any:
        """A picture of the study, a `plotly.graph_objects.Figure`.

        Args:
            name: best-so-far, parameters or curves.

        Raises:
            NotFound: there is no such figure; lists the known ones.
        """
        from plotly.graph_objects import Figure

        with self._connected() as client:
            drawn = client.figure(self.name, str(name).replace("-", "_"))
        return Figure(data=drawn.data, layout=drawn.layout)

    def best_model(self, *, epoch: Literal["best", "last"] = "best") -> Any:
        """The model of the best trial: `best_model().predict(rows)`.

        Of a network it is a `Model`, which takes raw rows. Of a function it is what the function
        gave to `trial.save`, which is unpickled here: use it only with studies that you trust.

        Args:
            epoch: the weights of a network: those after the epoch of the trial's value, or those
                after its last epoch. The value of a study with `"value": "last"` is of that one.

        Raises:
            Invalid: `epoch` is neither "best" nor "last".
            NotFound: no trial has completed, or its function saved nothing.
        """
        return self.model(None, epoch=epoch)

    def refit(self, number: int | None = None) -> Any:
        """Train the network of the best trial, or of another, again on every example.

        The networks of a search see three fifths of the table; the rest tells which one is best.
        The one to take home may see all of it. It has no metrics of its own: those of the trial
        stand for it.

        Args:
            number: the trial's number; by default that of the best one.

        Raises:
            NotFound: no trial has completed yet.
            Conflict: the study trains a function, or was searched on another machine.
            DivergedError: the training diverges on all examples.
        """
        if self.objective["kind"] != "network":
            raise Conflict("only networks are trained again: call your function with best.params")
        if self._refit is None:
            raise Conflict(
                "a study is refitted where its data set is: read it by caviar.study(name) on the "
                "machine that searched it"
            )
        with self._connected() as client:
            trial = client.trial(self.name, self._chosen(client, number))
        return self._refit(self, trial)

    def model(self, number: int | None, *, epoch: Literal["best", "last"] = "best") -> Any:
        """The model of a trial, or of the best one; see `best_model`.

        Raises:
            Invalid: `epoch` is neither "best" nor "last".
            NotFound: the model is not kept; those of the ten best trials are.
        """
        from caviar.service.client.saved import load_saved

        if epoch not in ("best", "last"):
            raise Invalid.field("epoch", f'must be "best" or "last", not {epoch!r:.40}')
        with self._connected() as client:
            number = self._chosen(client, number)
            try:
                content = client.model(self.name, number)
            except NotFound as error:
                raise self._without_model(client, number, error) from None
        return load_saved(content, epoch=epoch)

    def _without_model(self, client: Client, number: int, error: NotFound) -> NotFound:
        """The error for a trial whose model is not there: of a function, how to save one."""
        external = self.objective["kind"] == "external"
        if external and client.trial(self.name, number).state == TrialState.COMPLETED:
            return NotFound(
                f"trial {number} of study {self.name!r} has no model: its function calls "
                f"`trial.save(model)` to keep one, and those of the {KEPT} best trials are kept"
            )
        return error

    def replicate(self, top: int = 5, seeds: int = 3) -> schemas.Replicates:
        """Train the best trials again with fresh seeds, wait for them, and compare.

        Args:
            top: the number of best trials.
            seeds: the number of fresh seeds for each.

        Raises:
            Conflict: no trial has completed yet, or the study was stopped.
        """
        with self._connected() as client:
            client.replicate(self.name, top=top, seeds=seeds)
        if self._train is not None:
            self._train(self)
        self.wait()
        with self._connected() as client:
            return client.replicates(self.name)

    def ask(
        self, *, worker: str = "python", lease_seconds: float | None = None
    ) -> Iterator[AskedTrial]:
        """Trials to train in this process, one after the other, until the study has ended.

        for trial in study.ask():
            trial.tell(train(**trial.params))

        The loop waits where a round waits for the results of other workers. A thread renews the
        lease while a trial is worked on. A trial that was not told, because the loop was left or
        its body raised an error, goes back to the study.

        Args:
            worker: the worker's name, which the page shows.
            lease_seconds: how long the study waits for a process that has died.

        Raises:
            Conflict: the study's objective is not external.
        """
        from caviar.service.client.asking import asked

        if self.objective["kind"] != "external":
            raise Conflict(f"study {self.name!r} trains networks: workers train its trials")
        with self._connected() as client:
            yield from asked(client, self, worker=worker, lease_seconds=lease_seconds)

    def _chosen(self, client: Client, number: int | None) -> int:
        """The number that was given, or that of the best trial as it is now."""
        if number is not None:
            return number
        best = self._update(client.study(self.name)).best
        if best is None:
            raise NotFound(f"no trial of study {self.name!r} has completed yet")
        return best.number

    def _change(self, *, state: Literal["running", "paused", "stopped"]) -> Self:
        with self._connected() as client:
            return self._update(client.change_study(self.name, state=state))

    def _update(self, study: schemas.Study) -> Self:
        for name in type(self).model_fields:
            setattr(self, name, getattr(study, name))
        return self

    @contextmanager
    def _connected(self) -> Iterator[Client]:
        """A client: the one that read the study, or a new one over its data folder."""
        if self._client is not None:
            yield self._client
        elif self._open is not None:
            with self._open() as client:
                yield client
        else:
            raise Conflict("this study was not read by a client: use Client.study(name)")


def _columns(study: schemas.Study, trials: Sequence[schemas.Trial]) -> dict[str, list[Any]]:
    """The columns of the table of trials; a value that a trial lacks is None."""
    fields = (
        "number",
        "state",
        "value",
        "epoch",
        "best_epoch",
        "round",
        "attempt",
        "worker",
        "replica_of",
    )
    rows = [trial.model_dump(mode="json") for trial in trials]
    columns = {name: [row[name] for row in rows] for name in fields}
    for name in study.space:
        columns[f"params.{name}"] = [trial.params.get(name) for trial in trials]
    for name in dict.fromkeys(name for trial in trials for name in trial.metrics):
        columns[f"metrics.{name}"] = [trial.metrics.get(name) for trial in trials]
    for name in ("started_at", "finished_at"):
        columns[name] = [_moment(row[name]) for row in rows]
    for name in ("reason", "void"):
        columns[name] = [row[name] for row in rows]
    return columns


def _moment(text: str | None) -> datetime | None:
    """A time with its zone, UTC."""
    return None if text is None else datetime.fromisoformat(text)
