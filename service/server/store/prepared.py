"""Statements of the hot calls, compiled once and given to the driver as they are.

SQLAlchemy builds a context for each execution, which takes ten times as long as SQLite takes for
the statement. Here its compiler and its types do their work once for each dialect; an execution is
a call of the driver, with the same values in and out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.types import TypeEngine

Convert = Callable[[Any], Any] | None


class Prepared:
    """A statement whose parameters are named, without lists of unknown length among them."""

    def __init__(self, statement: Select[Any] | UpdateBase) -> None:
        self.statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def rows(self, connection: Connection, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """The rows of a select, with the values that its columns' types give."""
        compiled = self._for(connection)
        cursor = _run(connection, compiled, "execute", compiled.bind(values))
        if compiled.results is None:
            compiled.results = _results(self.statement, connection.dialect, cursor.description)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        cursor.close()
        return [compiled.convert(row) for row in found]

    def write(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Execute an insert or update for each of these parameters."""
        compiled = self._for(connection)
        if len(rows) == 1:
            cursor = _run(connection, compiled, "execute", compiled.bind(rows[0]))
        else:
            cursor = _run(connection, compiled, "executemany", [compiled.bind(row) for row in rows])
        cursor.close()

    def _for(self, connection: Connection) -> _Compiled:
        name = connection.dialect.name
        if name not in self._compiled:
            self._compiled[name] = _compile(self.statement, connection.dialect)
        return self._compiled[name]


@dataclass
class _Compiled:
    """The text of a statement for one dialect, and how values go in and out."""

    text: str
    parameters: Mapping[str, Any]
    """By name, the values of the parameters that the statement has by itself."""
    binds: Mapping[str, Convert]
    order: Sequence[str] | None
    """The names by position; None: the driver takes them by name."""
    results: Sequence[tuple[int, Callable[[Any], Any]]] | None = None
    """By index of the column; known when the driver first tells which types it gives."""

    def bind(self, values: Mapping[str, Any]) -> Any:
        """The parameters of one execution, as the driver takes them."""
        bound = {**self.parameters, **values}
        for name, convert in self.binds.items():
            if convert is not None:
                bound[name] = convert(bound[name])
        return bound if self.order is None else [bound[name] for name in self.order]

    def convert(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        """A row as the types of its columns give it."""
        values = list(row)
        for index, convert in self.results or ():
            values[index] = convert(values[index])
        return tuple(values)


def _compile(statement: Select[Any] | UpdateBase, dialect: Dialect) -> _Compiled:
    compiled: Any = statement.compile(dialect=dialect)
    return _Compiled(
        text=str(compiled),
        parameters={name: value for name, value in compiled.params.items() if value is not None},
        binds={
            name: _of_type(compiled.binds[name].type, dialect).bind_processor(dialect)
            for name in compiled.params
        },
        order=list(compiled.positiontup) if dialect.positional else None,
    )


def _results(
    statement: Select[Any] | UpdateBase, dialect: Dialect, description: Sequence[Sequence[Any]]
) -> list[tuple[int, Callable[[Any], Any]]]:
    """How the values of columns are made of what the driver gives, where they are another thing."""
    assert isinstance(statement, Select)
    converts = [
        _of_type(column.type, dialect).result_processor(dialect, told[1])
        for column, told in zip(statement.selected_columns, description, strict=True)
    ]
    return [(index, convert) for index, convert in enumerate(converts) if convert is not None]


def _of_type(type_: TypeEngine[Any], dialect: Dialect) -> TypeEngine[Any]:
    return type_.dialect_impl(dialect)


def _run(connection: Connection, compiled: _Compiled, method: str, parameters: Any) -> Any:
    """The cursor after an execution; errors are the same as SQLAlchemy's own."""
    raw: Any = connection.connection.dbapi_connection
    cursor = raw.cursor()
    dialect = connection.dialect
    dbapi: Any = dialect.loaded_dbapi
    try:
        getattr(cursor, method)(compiled.text, parameters)
    except dbapi.Error as error:
        is_away = dialect.is_disconnect(error, raw, cursor)
        if is_away:
            connection.invalidate(error)
        raise DBAPIError.instance(
            compiled.text,
            None,  # parameters may be long, and secret
            error,
            dbapi.Error,
            connection_invalidated=is_away,
            dialect=dialect,
        ) from error
    return cursor
