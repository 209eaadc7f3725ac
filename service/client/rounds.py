"""The client's calls about rounds: previews, manual zooms, importance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from caviar.service.client.connection import Connection
from caviar.service.client.paths import path_of
from caviar.service.contract import schemas


class RoundCalls(Connection):
    """Preview a space, list rounds, zoom, undo a zoom, estimate importance."""

    def preview_space(
        self,
        space: Mapping[str, Any],
        *,
        seed: int = 0,
        sampler: Mapping[str, Any] | None = None,
    ) -> schemas.SpacePreview:
        """Where the draws of a space fall, example params, and warnings.

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
        return self._call(
            "POST", f"{path_of(study)}/rounds", schemas.Round, body=body, idempotent=True
        )

    def undo_round(self, study: str) -> list[schemas.Round]:
        """Remove the newest round, as long as it has not started; returns the others.

        Raises:
            Conflict: it has started, or there is none.
        """
        path = f"{path_of(study)}/rounds/undo"
        return self._call("POST", path, schemas.RoundList, idempotent=True).rounds

    def importance(self, study: str) -> schemas.Importance:
        """How important each parameter is, beside the noise between equal trials."""
        return self._call("GET", f"{path_of(study)}/importance", schemas.Importance)
