"""Kinds of objective, network and external: one object each, in the table KINDS."""

from caviar.service.server.rules.objectives.external import External
from caviar.service.server.rules.objectives.network import Network
from caviar.service.server.rules.objectives.protocol import Adjusted, ObjectiveKind

KINDS: dict[str, ObjectiveKind] = {"network": Network(), "external": External()}

__all__ = ["KINDS", "Adjusted", "ObjectiveKind"]
