"""The root of the errors that Caviar raises on purpose.

CaviarError
├── the errors of the service, in `caviar.service.contract.errors`
└── EngineError     those of the engine, in `caviar.engine.errors`
"""


class CaviarError(Exception):
    """What Caviar refuses, or what cannot be done: its text says what to change."""
