"""The paths of resources on the server."""

from __future__ import annotations

import re

from caviar.service.contract import schemas
from caviar.service.contract.errors import Invalid, NotFound


def path_of(study: str) -> str:
    """The path of a study.

    Raises:
        Invalid: it is no text.
        NotFound: no study can have this name.
    """
    if not isinstance(study, str):
        raise Invalid.field("study", f"must be a study's name, not {type(study).__name__}")
    if not re.fullmatch(schemas.SLUG, study):
        raise NotFound(
            f"there is no study named {study!r}: names have at most 64 lower-case letters, digits, "
            "- and _, and start with a letter or digit"
        )
    return f"/studies/{study}"
