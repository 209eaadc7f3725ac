"""The service around sampler and engine: contract, database, routes, client, worker, command line."""

__version__ = "0.1.0"
