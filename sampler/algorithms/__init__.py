"""Samplers that do not learn from results, one algorithm a file."""
