"""Callbacks that report the epochs of other libraries to a trial.

from caviar.callbacks import KerasCallback

A library is imported with its callback; see caviar.service.worker.callbacks.
"""

from typing import TYPE_CHECKING, Any

from caviar.service.worker import callbacks

if TYPE_CHECKING:
    from caviar.service.worker.callbacks import (
        KerasCallback,
        LightGBMCallback,
        LightningCallback,
        XGBoostCallback,
    )

__all__ = ["KerasCallback", "LightGBMCallback", "LightningCallback", "XGBoostCallback"]

if not TYPE_CHECKING:  # a type checker that saw it would accept any name

    def __getattr__(name: str) -> Any:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(callbacks, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
