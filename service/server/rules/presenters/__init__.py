"""Rows as the bodies that readers get, a file a noun. Presenters read, and change nothing."""
