"""The schema's history, by Alembic; `caviar db upgrade` brings a database to its end."""
