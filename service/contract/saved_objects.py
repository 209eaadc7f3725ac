"""Objects that trials save: how they become the opaque bytes of a checkpoint, and objects again.

Bytes are stored as they are. Any other object is pickled, behind a header. The server stores both
and reads neither. Reading a pickle runs code that its author has chosen, so it is read only
by a worker that continues the trial, and where a user asks for the object: both trust their server
and everyone who may write to it.
"""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable
from typing import Any

from caviar.service.contract.errors import Invalid

PICKLED = b"\x89caviar pickle "
"""What pickled objects begin with. The version of Python follows, and the end of the line."""

RAW = b"\x89caviar bytes\n"
"""What precedes bytes that happen to begin with one of these headers."""

VERSION_BYTES = 16


def pack(content: object, dumps: Callable[[object], bytes] = pickle.dumps) -> bytes:
    """The bytes of an object: bytes themselves, or a header and its pickle.

    Raises what `dumps` raises.
    """
    if isinstance(content, bytes | bytearray | memoryview):
        raw = bytes(content)
        return RAW + raw if raw.startswith((PICKLED, RAW)) else raw
    return PICKLED + b"%d.%d\n" % sys.version_info[:2] + dumps(content)


def is_packed(content: bytes) -> bool:
    """Whether bytes have one of the headers."""
    return content.startswith((PICKLED, RAW))


def unpack(content: bytes) -> Any:
    """The object that was packed.

    Raises:
        Invalid: it cannot be read in this process; says what it needs.
    """
    if content.startswith(RAW):
        return content[len(RAW) :]
    if not content.startswith(PICKLED):
        return content
    version, _, pickled = content[len(PICKLED) :].partition(b"\n")
    try:
        return pickle.loads(pickled)
    except ModuleNotFoundError as error:
        raise Invalid(
            f"the saved object needs the module {error.name!r}: load it where that can be "
            "imported, such as in the folder of the function that saved it"
        ) from error
    except Exception as error:
        written = version[:VERSION_BYTES].decode(errors="replace")
        here = "{}.{}".format(*sys.version_info[:2])
        hint = "" if written == here else f"; Python {written} wrote it, and this is {here}"
        raise Invalid(
            f"the saved object cannot be loaded: {type(error).__name__}: {error}{hint}"
        ) from error
