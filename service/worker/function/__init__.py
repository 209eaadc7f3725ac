"""Functions of the user's own: `caviar work --study NAME --objective train.py:train`.

tasks       one leased trial each, with what its function needs
trainer     in the pool's process: trains a trial by asking the function's process
results     what the function did, as the trial's result
reporting   calls that do not keep the function waiting while the server is away
host        starts the function's process, listens to it, ends it
child       the function's process: trial after trial, until its host is gone
loading     from `train.py:train` to a function
trial       the handle that the function gets
messages    what the two processes say to each other

The function runs beside each process of the pool in a process of its own, which may crash, hang or
print. The code never leaves the worker: the server gets names, numbers and opaque checkpoints.
"""
