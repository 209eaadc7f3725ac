"""Workers: lease trials, train them in a pool of processes, report and tell."""
