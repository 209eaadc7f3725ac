"""The service around sampler and engine: contract, database, routes, client, worker, commands."""

__version__ = "0.1.0"
