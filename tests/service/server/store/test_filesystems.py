"""An SQLite file on a network file system is refused, told by the mounts of the process."""

from __future__ import annotations

from pathlib import Path

import pytest

from caviar.service.contract.errors import Invalid
from caviar.service.server.store.database import Database, sqlite_url
from caviar.service.server.store.filesystems import require_local

LINES = """\
22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw
30 22 0:50 / /home rw - nfs4 server:/home rw,vers=4.2
31 30 8:2 / /home/ana/local\\040disk rw shared:3 - xfs /dev/sdb1 rw
32 22 0:51 / /mnt/c rw - 9p C:\\134 rw,aname=drvfs
33 22 0:52 / /mnt/cloud rw - fuse.sshfs ana@host: rw
34 22 0:53 / /mnt/layers rw - fuse.fuse-overlayfs fuse-overlayfs rw
35 22 0:54 / /srv rw - ext4 /dev/sdc1 rw
36 35 0:55 / /srv rw - cifs //server/share rw
"""


@pytest.mark.parametrize(
    ("folder", "refused"),
    [
        ("/var/lib/caviar", None),
        ("/home/ana/caviar-data", "nfs4"),
        ("/home/ana/local disk/caviar-data", None),
        ("/home/ana/local", "nfs4"),
        ("/mnt/c/Users", "9p"),
        ("/mnt/cloud", "fuse.sshfs"),
        ("/mnt/layers/data", None),
        ("/srv/data", "cifs"),
    ],
)
def test_a_network_file_system_is_refused(tmp_path: Path, folder: str, refused: str | None) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(LINES)
    database = Database(sqlite_url(Path(folder) / "caviar.sqlite"))
    if refused is None:
        require_local(database, mounts)
        return
    with pytest.raises(Invalid, match=f"--data: .*{refused}"):
        require_local(database, mounts)


def test_a_link_is_followed_and_postgresql_is_not_asked(tmp_path: Path) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"1 0 8:1 / / rw - ext4 d rw\n2 1 0:9 / {tmp_path}/far rw - nfs s rw\n")
    (tmp_path / "far").mkdir()
    (tmp_path / "near").symlink_to(tmp_path / "far")
    with pytest.raises(Invalid, match="far is on a network file system"):
        require_local(Database(sqlite_url(tmp_path / "near" / "caviar.sqlite")), mounts)
    require_local(Database("postgresql://user@localhost/name"), mounts)
