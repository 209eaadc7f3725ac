"""Searches on this machine: what the commands and the functions of `import caviar` share.

place       a data folder, and the way to the server over it
listening   sockets that a server listens on
processes   the worker beside a server
progress    the progress of a search, on a terminal and in a notebook
functions   minimize and maximize: a function of the user's own
tables      search: networks for a table of the user's own
searches    what these share, and the studies that they leave
training    train: one network
spaces      search spaces written in Python
search_cv   a search for scikit-learn estimators
"""
