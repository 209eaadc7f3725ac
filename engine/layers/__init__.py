"""The pieces of a network, forward and backward side by side."""
