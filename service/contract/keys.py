"""Keys: their form, what they allow, and where clients take them from.

A key is `cav_<id>_<secret>`: an id of 8 hexadecimal digits, which may be shown, and 256 random bits
as 43 characters, which only its owner has. The server stores the SHA-256 of the whole.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from enum import StrEnum
from pathlib import Path

from caviar.service.contract.errors import Invalid

KEY_VARIABLE = "CAVIAR_KEY"
"""The environment variable with a key, for the command, for workers and for clients."""

KEY_FILE_VARIABLE = "CAVIAR_KEY_FILE"
"""The environment variable with the path of a file that has a key, for the command."""

KEY = re.compile(r"cav_([0-9a-f]{8})_[A-Za-z0-9_-]{43}")

MAX_FILE_BYTES = 4_096
"""The size of a file with a key; what is larger is another file."""


class Scope(StrEnum):
    """What a key allows. Each route names one."""

    READ = "read"  # see studies, trials, figures, data sets, workers; download models
    SUBMIT = "submit"  # create, change and delete studies and data sets; act on trials
    WORK = "work"  # ask, report, tell, release; store checkpoints
    ADMIN = "admin"  # make and revoke keys; allows everything else as well


def new_key() -> str:
    """A new key of 256 random bits."""
    return f"cav_{secrets.token_hex(4)}_{secrets.token_urlsafe(32)}"


def id_of(key: str) -> str | None:
    """The id in a key; None if the text is no key."""
    match = KEY.fullmatch(key)
    return None if match is None else match[1]


def without_keys(text: str) -> str:
    """A text with the ids of the keys in it, and without their secrets."""
    return KEY.sub(r"cav_\1_…", text) if "cav_" in text else text


def digest_of(key: str) -> str:
    """What is stored of a key or of a session's id: its SHA-256, as 64 hexadecimal digits.

    Both are random, so that no salt and no slow hash is needed: there is nothing to guess.
    """
    return hashlib.sha256(key.encode()).hexdigest()


def checked_key(key: str, *, source: str = "key") -> str:
    """A key without white space around it. Messages never contain it.

    Raises:
        Invalid: it does not have the form of a key; names the source.
    """
    text = key.strip()
    if id_of(text) is None:
        raise Invalid.field(source, "is not a key: one is cav_, an id, _ and 43 characters")
    return text


def key_of_environment() -> str | None:
    """The key in CAVIAR_KEY; None if the variable is not set or is empty.

    Raises:
        Invalid: its value is not a key.
    """
    given = os.environ.get(KEY_VARIABLE, "")
    return checked_key(given, source=KEY_VARIABLE) if given.strip() else None


def key_of_file(path: Path) -> str:
    """The key in a file.

    Raises:
        Invalid: the file cannot be read, or has no key.
    """
    try:
        with path.open(encoding="ascii") as file:
            text = file.read(MAX_FILE_BYTES)
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid.field("--key-file", f"{path} cannot be read as a file with a key") from error
    return checked_key(text, source="--key-file")
