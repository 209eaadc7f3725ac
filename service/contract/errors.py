"""The errors of the service, and their problem bodies (RFC 9457) on the wire.

CaviarError             the service's part of the tree in `caviar.errors`
├── Invalid            422  a field of the request is not valid; names the fields
├── NotFound           404  the study, trial, round or figure does not exist
├── Conflict           409  the current state forbids the request
├── Unauthenticated    401  the server needs a key, and the caller has none that can be used
├── Refused            403  the caller is not allowed to do this
├── Unavailable        503  the database is busy or does not answer: try again
├── OutOfSpace         507  the disk is full
└── Unreachable        (client only) no server answered
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from caviar import errors
from caviar.service.contract.texts import keep_start

MAX_ERRORS = 20
"""Field errors in one answer: the rest is counted."""

MAX_FIELD, MAX_MESSAGE = 200, 1_000
"""Characters of a field and of a message in an answer: both may repeat what the caller sent."""


@dataclass(frozen=True)
class FieldError:
    """An error in a body: the field (`space.momentum.low`), and what is required of it."""

    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message}" if self.field else self.message

    def short(self) -> FieldError:
        """The same error, with texts of bounded length."""
        if len(self.field) <= MAX_FIELD and len(self.message) <= MAX_MESSAGE:
            return self
        return FieldError(keep_start(self.field, MAX_FIELD), keep_start(self.message, MAX_MESSAGE))


class CaviarError(errors.CaviarError):
    """An expected failure; carries its HTTP status and the slug of its problem type."""

    status = 500
    slug = "error"
    title = "Internal server error"
    challenge: str | None = None
    """The header `WWW-Authenticate`: how a caller may authenticate itself."""

    def __init__(
        self, detail: str, *, errors: tuple[FieldError, ...] = (), retry_after: int | None = None
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = errors
        self.retry_after = retry_after

    def problem(self) -> dict[str, Any]:
        """The body of `application/problem+json`."""
        return problem(self.status, self.slug, self.title, self.detail, self.errors)


class Invalid(CaviarError):
    """A field of the request is not valid."""

    status, slug, title = 422, "invalid", "The request is not valid"

    @classmethod
    def of(cls, *errors: FieldError, more: int = 0) -> Invalid:
        """An error whose detail is its first field error; `more` were found and not kept."""
        shown = tuple(error.short() for error in errors[:MAX_ERRORS])
        rest = len(errors) - len(shown) + more
        detail = str(shown[0])
        if rest:
            detail += f" (and {len(shown) - 1 + rest:,} more errors)"
        return cls(detail, errors=shown)

    @classmethod
    def field(cls, field: str, message: str) -> Invalid:
        """An error of a single field."""
        return cls.of(FieldError(field, message))


class NotFound(CaviarError):
    """The study, trial, round or figure does not exist."""

    status, slug, title = 404, "not-found", "Not found"


class Conflict(CaviarError):
    """The current state forbids the request."""

    status, slug, title = 409, "conflict", "The current state forbids it"


class Unauthenticated(CaviarError):
    """The server needs a key, and the caller has none that can be used."""

    status, slug, title = 401, "unauthenticated", "A key is required"
    challenge = 'Bearer realm="caviar"'


class Refused(CaviarError):
    """The caller is not allowed to do this."""

    status, slug, title = 403, "refused", "The request was refused"


class Unavailable(CaviarError):
    """The database is busy or does not answer; the same request may succeed later."""

    status, slug, title = 503, "unavailable", "Service unavailable"


class OutOfSpace(CaviarError):
    """The disk is full; nothing was stored."""

    status, slug, title = 507, "out-of-space", "The disk is full"


class Unreachable(CaviarError):
    """No server answered at the address (raised by the client only)."""

    slug, title = "unreachable", "No server answered"


def problem(
    status: int, slug: str, title: str, detail: str, errors: tuple[FieldError, ...] = ()
) -> dict[str, Any]:
    """A problem body; `errors` lists every field that is not valid."""
    body: dict[str, Any] = {
        "type": f"urn:caviar:problem:{slug}",
        "title": title,
        "status": status,
        "detail": detail,
    }
    if errors:
        body["errors"] = [{"field": error.field, "message": error.message} for error in errors]
    return body


STALE_LEASE = problem(
    409,
    "stale-lease",
    "The lease is not current",
    "this lease has expired or its trial has ended: discard the result and ask again",
)


def from_problem(status: int, body: dict[str, Any]) -> CaviarError:
    """The error of a problem body, for the client to raise."""
    kinds: tuple[type[CaviarError], ...] = (
        Invalid,
        NotFound,
        Conflict,
        Unauthenticated,
        Refused,
        Unavailable,
        OutOfSpace,
    )
    errors = tuple(FieldError(item["field"], item["message"]) for item in body.get("errors", ()))
    detail = str(body.get("detail") or body.get("title") or f"the server answered {status}")
    for kind in kinds:
        if kind.status == status:
            return kind(detail, errors=errors)
    error = CaviarError(detail, errors=errors)
    error.status = status
    return error
