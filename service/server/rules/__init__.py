"""What happens inside an operation's transaction: a session and rows come in, nothing commits."""
