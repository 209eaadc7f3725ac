"""The base of the tables, and the types of their columns."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Double,
    Integer,
    MetaData,
    Text,
    TypeDecorator,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeEngine, UserDefinedType

LARGEST = 1.7976931348623157e308
"""The largest double: anything past it is infinite, and NaN sorts past it on PostgreSQL."""


_encode = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode


class Json(TypeDecorator[Any]):
    """JSON as text: keys keep their order and doubles their bits, alike on both databases."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any | None, dialect: Dialect) -> str | None:
        """A Python value to compact JSON text; NaN and infinity are refused."""
        if value is None:
            return None
        return _encode(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """JSON text back to the Python value."""
        return None if value is None else json.loads(value)


class Untyped(UserDefinedType[float]):
    """A column of SQLite that stores a double as it is; its REAL columns make 0.0 of -0.0."""

    cache_ok = True

    def get_col_spec(self, **options: Any) -> str:
        """No affinity: what goes in is what is stored."""
        return "BLOB"


ExactDouble: TypeEngine[float] = Double().with_variant(Untyped(), "sqlite")

# SQLite counts only a plain INTEGER primary key up by itself.
Identity = BigInteger().with_variant(Integer, "sqlite")


class Base(DeclarativeBase):
    """The declarative base: named constraints, so that migrations can speak of them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {str: Text, float: Double, bool: Boolean}  # noqa: RUF012
