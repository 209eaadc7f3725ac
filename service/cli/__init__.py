"""The command `caviar`, a file a noun."""
