"""The client's calls about rounds: from coarse to fine, by itself and by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from caviar.service.client.connection import Connection
from caviar.service.client.paths import path_of
from caviar.service.contract import schemas


class RoundCalls(Connection):
    """Rounds: look, zoom by hand, take a zoom back; what mattered, and what a space means."""

    def preview_space(
        self,
        space: Mapping[str, Any],
        *,
        seed: int = 0,
        sampler: Mapping[str, Any] | None = None,
    ) -> schemas.SpacePreview:
        """Where the draws of a space fall, example settings, and warnings.

        With a sampler, the examples are the first trials of such a study.

        Raises:
            Invalid: names the fields that cannot be.
        """
        body: dict[str, Any] = {"space": dict(space), "seed": seed}
        if sampler is not None:
            body["sampler"] = dict(sampler)
        return self._call("POST", "/spaces/preview", schemas.SpacePreview, body=body)

    def rounds(self, study: str) -> list[schemas.Round]:
        """The rounds from coarse to fine."""
        return self._call("GET", f"{path_of(study)}/rounds", schemas.RoundList).rounds

    def zoom(
        self,
        study: str,
        box: Mapping[str, Sequence[Any]],
        *,
        size: int | None = None,
        author: str | None = None,
        reason: str | None = None,
    ) -> schemas.Round:
        """Begin a round in this box now: `{"learning_rate": [0.001, 0.01]}`.

        Raises:
            Invalid: names what is wrong with the box.
            Conflict: the study has ended, or its budget is used.
        """
        given = {"size": size, "author": author, "reason": reason}
        body = {
            "box": dict(box),
            **{name: value for name, value in given.items() if value is not None},
        }
        return self._call("POST", f"{path_of(study)}/rounds", schemas.Round, body=body, once=True)

    def undo_round(self, study: str) -> list[schemas.Round]:
        """Take the newest round back, as long as it has not started; the rounds that are left.

        Raises:
            Conflict: it has started, or there is none.
        """
        path = f"{path_of(study)}/rounds/undo"
        return self._call("POST", path, schemas.RoundList, once=True).rounds

    def importance(self, study: str) -> schemas.Importance:
        """How much each parameter mattered, beside what luck does."""
        return self._call("GET", f"{path_of(study)}/importance", schemas.Importance)
