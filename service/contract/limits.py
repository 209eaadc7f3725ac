"""The limits of the service: exceeding one is a 4xx problem that names the limit."""

TRIALS = 2_000_000
"""Trials in a study."""

EPOCHS = 1_000_000
"""Epochs of a trial."""

WEIGHTS = 50_000_000
"""Weights of one network: about 600 MB with the moments of an optimizer."""

LEASES_PER_ASK = 1_000
"""Trials leased in one ask."""

LEASES_OF_A_STUDY = 10_000
"""Open leases of one study."""

LEASES_OF_A_WORKER = 4_000
"""Open leases of one worker in one study."""

METRICS = 256
"""Metrics of one report or result."""

REPORTS_PER_CALL = 100_000
"""Reports in one call."""

RESULTS_PER_CALL = 10_000
"""Results in one call."""

ENQUEUED_PER_CALL = 1_000
"""Trials enqueued in one call."""

WARM_START_TRIALS = 1_000
"""Trials that a warm start takes from another study."""

PAGE = 1_000
"""Items on one page of a list."""

CHECKPOINT_BYTES = 256 * 2**20
"""Size of one checkpoint; a trial with a larger one starts over after an interruption."""

CHECKPOINTS_OF_A_TRIAL = 16
"""Checkpoints kept of a trial under manual control; of any other trial the newest is kept."""

CHECKPOINTS_OF_THE_BEST = 10
"""The number of best completed trials of a study whose last checkpoint is kept."""

REPLICATED = 50
"""Trials replicated in one call."""

REPLICAS = 20
"""Replicas of one trial in one call."""

FORKS = 100
"""Children of one fork."""

BODY_BYTES = 2**20
"""Size of one request body, unless it has many items."""

BODY_VALUES = 100_000
"""Values in one request body, with the lists and objects that hold them, counted by commas."""

ITEMS_BODY_BYTES = 32 * 2**20
"""Size of the body of a call that takes many items: reports, results or trials."""

ITEMS_BODY_VALUES = 1_000_000
"""Values in the body of a call that takes many items."""

BODY_DEPTH = 64
"""Lists and objects within each other in a request body."""

BODY_NAMES = 10_000
"""Names in one object of a request body."""

LARGE_BODIES = 8
"""Bodies over BODY_BYTES that the server receives or reads at once: another one has to wait."""

TABLE_BYTES = 64 * 2**20
"""Size of one file that becomes a data set."""

DATASET_VERSIONS = 100
"""Versions of one data set."""

CURVE_POINTS = 1_000
"""Points kept of one curve, approximately."""

TRACEBACK_CHARACTERS = 1_500
"""The length of the end of a traceback that a failed trial keeps."""

REASON_CHARACTERS = 2_000
"""The length of a trial's reason; a longer one keeps its end."""

BEST_CHARACTERS = 8_192
"""The length of the header `Caviar-Best`, which has as many metrics as fit."""

KEYS = 1_000
"""Keys of a server, with those that cannot be used any more; they make room for new ones."""

NOTE_CHARACTERS = 4_000
"""The length of a note."""

TAGS = 20
"""Tags of a study or a trial."""

TAG_CHARACTERS = 64
"""The length of a tag."""

ANNOTATED_PER_CALL = 1_000
"""Trials whose notes and tags one call changes."""

ACTIONS_PER_CALL = 100
"""Actions on trials or studies in one call, each of which is a transaction."""

CONDITIONS = 10
"""Conditions on parameters and metrics in one filter."""
