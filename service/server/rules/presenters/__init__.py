"""Builds the API's answers from rows. Presenters read, and change nothing."""
