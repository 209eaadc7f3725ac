"""The parts of a network: each file has the forward pass beside the backward pass."""
