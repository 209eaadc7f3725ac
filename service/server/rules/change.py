"""A change of a study: the session, the locked row, the time and the next revision."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from caviar.service.server.rules.plans import Plan, plan_of
from caviar.service.server.store.models import StudyRow, TrialRow


@dataclass
class Change:
    """What a rule works with: the transaction's session, the locked study, and the time.

    Attributes:
        session: the session of the transaction; rules never commit it.
        study: the row of the study, locked until the transaction ends.
        now: the database's time in seconds since 1970.
        revision: the study's revision once this change is stored.
        said: what happened, in lines for the log, which gets them once the change is stored, with
            the trial or the worker that each is about.
    """

    session: Session
    study: StudyRow
    now: float
    revision: int = field(init=False)
    said: list[tuple[str, dict[str, object]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Reserve the next revision; nothing is raised until something is marked."""
        self.revision = self.study.revision + 1

    @property
    def plan(self) -> Plan:
        """The compiled definition of the study as it is now."""
        return plan_of(self.study.definition)

    @property
    def marked(self) -> bool:
        """Whether readers see a difference after this change."""
        return self.study.revision == self.revision

    def say(self, what: str, **about: object) -> None:
        """Have the log tell what happened in the study, and to which trial or worker."""
        self.said.append((what, about))

    def mark(self, *trials: TrialRow) -> None:
        """Show the study, and these trials of it, as changed since the revision before."""
        self.study.revision = self.revision
        for trial in trials:
            trial.revision = self.revision
