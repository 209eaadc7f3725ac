"""The paths of resources on the server."""

from __future__ import annotations

import re

from caviar.service.contract import schemas
from caviar.service.contract.errors import NotFound


def path_of(study: str) -> str:
    """The path of a study.

    Raises:
        NotFound: no study can have this name.
    """
    if not re.fullmatch(schemas.SLUG, study):
        raise NotFound(f"there is no study named {study!r}: names match {schemas.SLUG}")
    return f"/studies/{study}"
