"""What the command can do: a file a noun. `service.cli` puts names to the functions."""
