"""What a trial has saved, as the object that it was."""

from __future__ import annotations

from typing import Any, Literal

from caviar.service.contract.saved_objects import is_packed, pack, unpack

ZIP = b"PK\x03\x04"
"""How an .npz file begins."""


def load_saved(content: bytes, *, epoch: Literal["best", "last"] = "best") -> Any:
    """The object in a checkpoint or model: a network of Caviar's, what a function saved, or bytes.

    An object that a function saved is unpickled, which runs code of its author: load only what
    comes from a server that you trust.

    Args:
        content: the bytes that `Client.checkpoint` and `Client.model` return.
        epoch: of a network, which of its weights: see `caviar.load`.

    Raises:
        Invalid: the object cannot be read in this process; says what it needs.
    """
    if is_packed(content):
        return unpack(content)
    if content.startswith(ZIP):
        from caviar.engine import load
        from caviar.engine.errors import CheckpointError

        try:
            return load(content, epoch=epoch)
        except CheckpointError:
            pass  # a file of another library, which is bytes here
    return content


def dump_saved(content: object) -> bytes:
    """The bytes that `load_saved` makes the object of again, for `Client.put_checkpoint`."""
    import cloudpickle

    return pack(content, cloudpickle.dumps)
