"""Pages of the list of studies: sorted, filtered, and each of a bounded cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from caviar.service.contract.errors import Invalid
from caviar.service.server.store import rows
from caviar.service.server.store.models import StudyRow
from caviar.service.server.store.queries.studies import HIDDEN
from caviar.service.server.store.queries.trial_orders import SCANNED

TABLE = rows.STUDIES.c

CHUNK = 500
"""Studies that are read at a time while filters are applied."""

ORDERS = {
    "created_at": (TABLE.id, False),
    "-created_at": (TABLE.id, True),
    "name": (TABLE.name, False),
    "-name": (TABLE.name, True),
}
"""The orders of the list: the column, and whether it falls. Ids rise with the time of creation."""


@dataclass(frozen=True)
class Filter:
    """Which studies a reader wants; a study must pass all of it."""

    states: Sequence[str] = ()
    name: str | None = None
    tags: Sequence[str] = ()

    def passes(self, study: Any) -> bool:
        """Whether a study passes."""
        return (
            (not self.states or study.state in self.states)
            and (self.name is None or self.name.lower() in study.name)
            and set(self.tags) <= set(study.tags or ())
        )


def page(
    session: Session, *, only: Filter, sort: str, after: object, limit: int
) -> tuple[list[StudyRow], Any]:
    """Studies in an order, and the key from which the next page goes on; None after all.

    Raises:
        Invalid: `after` is no key of this order.
    """
    column, falls = ORDERS[sort]
    if after is not None and not _is_key(column.name, after):
        raise Invalid.field("page_token", "is not one that this list gave out")
    found: list[Any] = []
    key, left = after, SCANNED
    while left > 0 and len(found) <= limit:
        query = select(TABLE.id, TABLE.name, TABLE.state, TABLE.tags)
        query = query.where(TABLE.state != HIDDEN)
        if key is not None:
            query = query.where(column < key if falls else column > key)
        order = column.desc() if falls else column.asc()
        read = session.execute(query.order_by(order).limit(CHUNK)).all()
        found += filter(only.passes, read)
        left -= CHUNK
        key = getattr(read[-1], column.name) if len(read) == CHUNK else None
        if key is None:
            break
    shown = found[:limit]
    if len(found) > limit:
        key = getattr(shown[-1], column.name)
    return _whole(session, [each.id for each in shown]), key


def _is_key(column: str, key: object) -> bool:
    if column == "name":
        return isinstance(key, str) and "\0" not in key
    return isinstance(key, int) and not isinstance(key, bool) and abs(key) < 2**63


def _whole(session: Session, ids: Sequence[int]) -> list[StudyRow]:
    query = select(rows.STUDIES).where(TABLE.id.in_(ids))
    by_id = {row.id: row for row in rows.all_of(session, StudyRow, query)}
    return [by_id[each] for each in ids if each in by_id]
