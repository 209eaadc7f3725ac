"""Functions of the user's own as objectives: `caviar work --study NAME --objective train.py:train`.

The function runs in a process of its own beside each process of the pool (`process`, `loading`),
where it gets a `handle` on its trial. The pool's process keeps that one (`keeper`), speaks with the
server for it (`segments`, `results`), and outlives it whatever the function does. They exchange
`messages`.
The code never leaves the worker: the server sees names and numbers, and opaque checkpoints.
"""
