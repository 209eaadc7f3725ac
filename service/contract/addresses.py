"""The default address of a server."""

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8700
DEFAULT_SERVER = f"http://{DEFAULT_HOST}:{DEFAULT_PORT}"
