"""The public face of Caviar for code of your own: `from caviar import Client`."""

from engine import load
from service.client import Client
from service.errors import CaviarError, Conflict, Invalid, NotFound, Unavailable, Unreachable
from service.functions.handle import Trial
from service.schemas import Report, Result, StudyDefinition

__all__ = [
    "CaviarError",
    "Client",
    "Conflict",
    "Invalid",
    "NotFound",
    "Report",
    "Result",
    "StudyDefinition",
    "Trial",
    "Unavailable",
    "Unreachable",
    "load",
]
