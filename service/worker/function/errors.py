"""The error of a function that cannot be used."""

from __future__ import annotations

import traceback

LINES = 5
"""How many lines of a traceback say why something could not be imported."""


class FunctionError(Exception):
    """There is no such function; the message says what is wrong."""

    @classmethod
    def of(cls, what: str, error: BaseException) -> FunctionError:
        """An error of something that raised: `what` and the end of the traceback."""
        lines = "".join(traceback.format_exception(error)).strip().splitlines()
        end = "\n".join(lines[-LINES:])
        return cls(f"{what}: {end}")
