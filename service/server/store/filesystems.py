"""Refuses an SQLite file on a network file system.

SQLite's write-ahead log keeps its index in memory that all processes share, and relies on locks:
over a network neither holds, so that two machines, or one after a hiccup, damage the file. Linux
says of each mount what it is; elsewhere nothing is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from caviar.service.contract.errors import Invalid
from caviar.service.server.store.database import Database

MOUNTS = Path("/proc/self/mountinfo")

NETWORK = {
    "9p",
    "afs",
    "beegfs",
    "ceph",
    "cifs",
    "gfs2",
    "glusterfs",
    "gpfs",
    "lustre",
    "ncpfs",
    "nfs",
    "nfs4",
    "ocfs2",
    "orangefs",
    "smb3",
    "smbfs",
    "vboxsf",
    "virtiofs",
}
"""Types of file systems whose files other machines may write, too."""

LOCAL_FUSE = {"fuse.fuse-overlayfs", "fuse.bindfs"}
"""FUSE runs programs of any kind, most of them for files elsewhere; these show local folders."""


def require_local(database: Database, mounts: Path = MOUNTS) -> None:
    """Refuse an SQLite file that is not on a disk of this machine.

    Args:
        database: the database; PostgreSQL is never refused.
        mounts: the mounts of this process, in the form of Linux' mountinfo.

    Raises:
        Invalid: names the folder, its file system, and what to do.
    """
    if not database.is_sqlite or not mounts.exists():
        return
    file = Path(str(database.url.database)).resolve()
    kind = _kind(file.parent, mounts)
    if kind in NETWORK or (kind.startswith("fuse.") and kind not in LOCAL_FUSE):
        raise Invalid.field(
            "--data",
            f"{file.parent} is on a network file system ({kind}), where SQLite files get damaged: "
            "choose a folder on a local disk, or a PostgreSQL database with --database",
        )


def _kind(folder: Path, mounts: Path) -> str:
    """The type of the file system of a folder, which is that of the innermost mount over it."""
    found, depth = "", -1
    for point, kind in _read(mounts):
        # A later mount on the same folder hides the earlier one.
        if folder.is_relative_to(point) and len(point.parts) >= depth:
            found, depth = kind, len(point.parts)
    return found


def _read(mounts: Path) -> Iterator[tuple[Path, str]]:
    """The folder and the file system of each mount."""
    for line in mounts.read_text(errors="surrogateescape").splitlines():
        before, _, after = line.partition(" - ")
        # Blanks in names are written as \040.
        point = re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), before.split(" ")[4])
        yield Path(point), after.split(" ")[0]
