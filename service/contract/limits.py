"""How much one caller may ask for: going past any of these is a 4xx that names the limit."""

TRIALS = 100_000
"""Trials in a study."""

EPOCHS = 1_000_000
"""Epochs of a trial."""

WEIGHTS = 50_000_000
"""Weights of one network: with an optimizer's averages some 600 MB."""

LEASES_PER_ASK = 1_000
"""Trials leased in one ask."""

REPORTS_PER_CALL = 100_000
"""Reports in one call."""

RESULTS_PER_CALL = 10_000
"""Results in one call."""

ENQUEUED_PER_CALL = 1_000
"""Settings enqueued in one call."""

WARM_START_TRIALS = 1_000
"""Trials that a study takes from another one."""

PAGE = 1_000
"""Items on one page of a list."""

CHECKPOINT_BYTES = 256 * 2**20
"""Size of one checkpoint; the trials of larger networks start over when they are interrupted."""

CHECKPOINTS_OF_A_TRIAL = 16
"""Checkpoints kept of a trial that a person has by the hand; of others the newest."""

CHECKPOINTS_OF_THE_BEST = 10
"""Completed trials of a study, the best ones, whose last checkpoint is kept."""

REPLICATED = 50
"""Settings replicated in one call."""

REPLICAS = 20
"""Replicas of one setting in one call."""

FORKS = 100
"""Children of one fork."""

BODY_BYTES = 32 * 2**20
"""Size of one request body."""

CURVE_POINTS = 1_000
"""Points kept of one curve, about."""

TRACEBACK_CHARACTERS = 1_500
"""How much of a traceback a failed trial keeps: its end."""
