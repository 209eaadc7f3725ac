"""The benchmarks are scripts: their folder comes last, for two bear the names of rooms."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2] / "benchmarks"))
