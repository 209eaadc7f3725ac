"""A step laid out: every operand of its products, stack by stack, ready to be run many times."""

from collections.abc import Sequence

from caviar.engine.data.batches import Batch
from caviar.engine.population.stacks import Stack
from caviar.engine.population.workspace import Operands, Place, Workspace


class Step:
    """What one step does: the first so many stacks, each in its place with its mini-batch.

    Everything here is views. Epoch by epoch the same ones serve, and only what lies in them
    changes, so that a step costs little more than its products.
    """

    def __init__(
        self,
        stacks: Sequence[Stack],
        places: Sequence[Place],
        batches: Sequence[Batch],
        workspace: Workspace,
        *,
        training: bool,
    ) -> None:
        pairs = list(zip(stacks, places, strict=True))
        batches = [
            batch.plain if stack.shape.batch_norm else batch
            for stack, batch in zip(stacks, batches, strict=True)
        ]
        products = [place.products for place in places]
        self.places = places
        self.workspace = workspace
        self.training = training
        self.stacks = len(stacks)
        self.columns = slice(0, workspace.columns(len(stacks)))
        self.targets = [
            (place.targets, batch.targets) for place, batch in zip(places, batches, strict=True)
        ]
        """Where each mini-batch's targets go, and where they lie."""
        self.short = [place for stack, place in pairs if place.examples != stack.shape.batch_size]
        """The places of mini-batches that are not of the usual size."""
        self.forward: list[list[Operands]] = [
            [
                (own.first[0], batch.columns, own.first[1])
                for own, batch in zip(products, batches, strict=True)
            ],
            *_by_layer([own.forward for own in products]),
        ]
        """By layer, the operands of dense_forward."""
        self.backward: list[list[Operands]] = [
            [
                (own.first_backward[0], batch.rows, own.first_backward[1])
                for own, batch in zip(products, batches, strict=True)
            ],
            *_by_layer([own.backward for own in products]),
        ]
        """By layer, the operands of dense_backward; in an evaluation not to be used."""
        self.inputs_backward = _by_layer([own.inputs_backward for own in products])
        """By layer from the second on, the operands of dense_inputs_backward."""
        self.normalized = [pair for pair in pairs if pair[0].shape.batch_norm]
        """Those with batch norm."""
        self.dropped = [pair for pair in pairs if pair[0].shape.dropout and training]
        """Those with dropout."""


def _by_layer(products: Sequence[list[Operands]]) -> list[list[Operands]]:
    return [list(layer) for layer in zip(*products, strict=True)]
