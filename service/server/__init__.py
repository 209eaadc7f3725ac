"""The server: routes, operations, rules, the database, figures and the dashboard."""
