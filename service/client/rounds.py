"""Calls for rounds: previews of spaces, manual zooms, importance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from caviar.service.client.connection import Connection
from caviar.service.client.paths import path_of
from caviar.service.contract import schemas
from caviar.service.contract.arguments import mapping


class RoundCalls(Connection):
    """Preview a space, list rounds, zoom, undo a round, estimate importance."""

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
            Invalid: the space is not valid; names the fields.
        """
        body: dict[str, Any] = {"space": dict(mapping(space, "space")), "seed": seed}
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
        """Close the current round and open one in this box: `{"learning_rate": [0.001, 0.01]}`.

        Args:
            study: the study's name.
            box: the interval of each parameter to zoom, in natural units.
            size: the number of trials in the round.
            author: the author, for the round's reason.
            reason: the reason of the author.

        Raises:
            Invalid: the box is not valid; names the fields.
            Conflict: the study has ended, or its budget is used.
        """
        options = {"size": size, "author": author, "reason": reason}
        body = {
            "box": dict(mapping(box, "box")),
            **{name: value for name, value in options.items() if value is not None},
        }
        return self._call(
            "POST", f"{path_of(study)}/rounds", schemas.Round, body=body, idempotent=True
        )

    def undo_round(self, study: str) -> list[schemas.Round]:
        """Remove the newest round, if none of its trials has started; returns the other rounds.

        Raises:
            Conflict: a trial of it has started, or there is no round.
        """
        path = f"{path_of(study)}/rounds/undo"
        return self._call("POST", path, schemas.RoundList, idempotent=True).rounds

    def importance(self, study: str) -> schemas.Importance:
        """The importance of each parameter, and the noise."""
        return self._call("GET", f"{path_of(study)}/importance", schemas.Importance)
