"""What the engine and the samplers are compared with: other libraries on the same tasks."""
