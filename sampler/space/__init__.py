"""Search spaces: parameters, their scales and conditions, and boxes within a space."""
