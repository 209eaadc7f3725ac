"""Queries, a file a noun. Functions take a session; none of them commits."""
