"""What crosses the wire: bodies, states, errors, limits, strict JSON, number formats."""
