"""A step: the operands of the matrix products of all stacks, prepared once for all epochs."""

from collections.abc import Sequence

from caviar.engine.data.batches import Batch
from caviar.engine.population.stacks import Stack
from caviar.engine.population.workspace import Operands, StackViews, Workspace


class Step:
    """One step of the first stacks of a population, each with its views and its mini-batch.

    All arrays are views. The same views serve in every epoch and only their content changes, so
    that a step costs little more than its matrix products.
    """

    def __init__(
        self,
        stacks: Sequence[Stack],
        stack_views: Sequence[StackViews],
        batches: Sequence[Batch],
        workspace: Workspace,
        *,
        training: bool,
    ) -> None:
        pairs = list(zip(stacks, stack_views, strict=True))
        batches = [
            batch.without_ones if stack.shape.batch_norm else batch
            for stack, batch in zip(stacks, batches, strict=True)
        ]
        stack_products = [views.products for views in stack_views]
        self.stack_views = stack_views
        self.workspace = workspace
        self.training = training
        self.stacks = len(stacks)
        self.columns = slice(0, workspace.columns(len(stacks)))
        self.targets = [
            (views.targets, batch.targets)
            for views, batch in zip(stack_views, batches, strict=True)
        ]
        """Pairs (destination, source) of each mini-batch's targets."""
        self.partial = [views for stack, views in pairs if views.examples != stack.shape.batch_size]
        """The views of the mini-batches that are smaller than usual."""
        self.forward: list[list[Operands]] = [
            [
                (products.first[0], batch.columns, products.first[1])
                for products, batch in zip(stack_products, batches, strict=True)
            ],
            *_by_layer([products.forward for products in stack_products]),
        ]
        """The operands of dense_forward, by layer."""
        self.backward: list[list[Operands]] = [
            [
                (products.first_backward[0], batch.rows, products.first_backward[1])
                for products, batch in zip(stack_products, batches, strict=True)
            ],
            *_by_layer([products.backward for products in stack_products]),
        ]
        """The operands of dense_backward, by layer; not valid in an evaluation."""
        self.inputs_backward = _by_layer([products.inputs_backward for products in stack_products])
        """The operands of dense_inputs_backward, by layer from the second layer on."""
        self.with_batch_norm = [pair for pair in pairs if pair[0].shape.batch_norm]
        """The stacks and views with batch norm."""
        self.with_dropout = [pair for pair in pairs if pair[0].shape.dropout and training]
        """The stacks and views with dropout."""


def _by_layer(stack_products: Sequence[list[Operands]]) -> list[list[Operands]]:
    return [list(layer) for layer in zip(*stack_products, strict=True)]
