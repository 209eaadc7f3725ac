"""Workers: lease trials, train them in a pool of processes, report and tell.

feed        in the worker's process: a stream of leased trials, as tasks, into the pool
failures    failed trials as a worker tells of them; when a search is given up
outages     the server away and back, as a log tells it
objectives  how each kind of objective is trained
tasks       what travels to a process of the pool
attempts    in a process of the pool: one attempt at a task
segment     the one machine that takes trials from one epoch to another under their leases
record      what is known of a trial in its segment
network     groups of networks in lock-step
function    a user's function in a process of its own
callbacks   reports of training libraries to the trial of a function
"""
