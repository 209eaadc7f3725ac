"""The database: engines and transactions, tables, migrations, queries."""
