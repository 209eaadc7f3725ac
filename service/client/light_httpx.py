"""httpx without its command line, which imports Click, Pygments and Rich: half of its import.

Every process of a pool imports it. httpx works without these libraries, so they are hidden from it.
"""

import sys
from typing import Any

_COMMAND_LINE = "httpx._main"

if "httpx" in sys.modules:
    import httpx
else:
    modules: dict[str, Any] = sys.modules
    modules[_COMMAND_LINE] = None  # the import of it fails, as without Click
    try:
        import httpx
    finally:
        del modules[_COMMAND_LINE]

__all__ = ["httpx"]
