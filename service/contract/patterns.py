"""Regular expressions of names and texts, as the API describes them."""

SLUG = r"^[a-z0-9][a-z0-9_-]{0,63}$"
"""The name of a study or a data set."""

NO_NUL = r"^[^\x00]*$"
"""Text in PostgreSQL cannot contain a NUL character."""

ONE_LINE = r"^[^\x00-\x20\x7f-\x9f]([^\x00-\x1f\x7f-\x9f]*[^\x00-\x20\x7f-\x9f])?$"
"""Text in one line, without spaces at its ends."""

LINES = r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f]*$"
"""Text in lines, without other control characters, which terminals would obey."""

WORKER = r"^[\w.:@+-]+$"
"""The name of a worker."""
