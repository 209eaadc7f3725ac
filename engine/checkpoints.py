"""Checkpoints: a lane's state with all that its network needs, as .npz without pickle.

The file is a zip of plain arrays. The member `header` is JSON as bytes: format, version, recipe,
shape, data set, epoch, steps and scaling of targets. The others are the arrays of the state, by
name, and mean and deviation of the features. Nothing is read that the header does not announce.
"""

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from caviar.engine.data.datasets import TASKS, Dataset
from caviar.engine.data.scaling import Scaling
from caviar.engine.errors import CheckpointError, RecipeError
from caviar.engine.optim.optimizers import OPTIMIZERS
from caviar.engine.population.lanes import Lane, LaneState
from caviar.engine.recipe import Recipe, recipe_from
from caviar.engine.shapes import Shape

T = TypeVar("T", np.float32, np.float64)

FORMAT = "caviar checkpoint"
VERSION = 1
MAX_BYTES = 4 * 2**30
MAX_HEADER_BYTES = 2**20
MAX_WIDTH = 2**24
MAX_CLASSES = 2**16

_DATE = (1980, 1, 1, 0, 0, 0)
"""Of all members: equal states should be equal files."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Checkpoint:
    """A lane's state, and what its network was made for."""

    number: int
    line: int | None = None
    seed: int
    recipe: Recipe
    state: LaneState
    shape: Shape
    dataset: Mapping[str, Any]
    """Name, task, labels and split of the data set: plain JSON values."""
    scaling: Scaling

    @property
    def lane(self) -> Lane:
        """The lane, to train on: `Training(dataset, [lane], seed=seed, start={number: state})`."""
        return Lane(number=self.number, recipe=self.recipe, line=self.line)


def make_checkpoint(lane: Lane, state: LaneState, dataset: Dataset, *, seed: int) -> Checkpoint:
    """The checkpoint of a lane that trains on a data set."""
    described = {
        "name": dataset.name,
        "task": dataset.task,
        "labels": list(dataset.labels),
        "split": dict(dataset.split),
    }
    return Checkpoint(
        number=lane.number,
        line=lane.line,
        seed=seed,
        recipe=lane.recipe,
        state=state,
        shape=lane.recipe.shape(dataset),
        dataset=described,
        scaling=dataset.scaling,
    )


def write_checkpoint(checkpoint: Checkpoint) -> bytes:
    """The checkpoint as the bytes of an .npz file: the same bytes each time."""
    state, scaling = checkpoint.state, checkpoint.scaling
    header = {
        "format": FORMAT,
        "version": VERSION,
        "number": checkpoint.number,
        "line": checkpoint.line,
        "seed": checkpoint.seed,
        "epoch": state.epoch,
        "steps": state.steps,
        "recipe": asdict(checkpoint.recipe),
        "shape": asdict(checkpoint.shape),
        "dataset": dict(checkpoint.dataset),
        "target_mean": scaling.target_mean,
        "target_deviation": scaling.target_deviation,
    }
    text = json.dumps(header, sort_keys=True, allow_nan=False).encode()
    arrays = {
        "header": np.frombuffer(text, np.uint8),
        "parameters": state.parameters,
        "statistics": state.statistics,
        "mean": scaling.mean,
        "deviation": scaling.deviation,
        **{f"slot_{name}": slot for name, slot in state.slots.items()},
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            member = io.BytesIO()
            npy.write_array(member, np.ascontiguousarray(array), version=(1, 0), allow_pickle=False)
            info = zipfile.ZipInfo(f"{name}.npy", _DATE)
            archive.writestr(info, member.getvalue())
    return buffer.getvalue()


def read_checkpoint(source: bytes | str | Path) -> Checkpoint:
    """A checkpoint from a file or its bytes. CheckpointError says what is wrong with it.

    The file may be anybody's: nothing is unpickled, and no array is read before its size is known
    to be what the header says.
    """
    stream = io.BytesIO(source) if isinstance(source, bytes) else Path(source).open("rb")  # noqa: SIM115
    with stream:
        try:
            with zipfile.ZipFile(stream) as archive:
                return _Reader(archive).read()
        except RecipeError as error:
            raise CheckpointError(f"has an impossible recipe: {error}") from error
        except zipfile.BadZipFile as error:
            raise CheckpointError(f"is no .npz file: {error}") from None
        except (ValueError, KeyError, TypeError, EOFError, NotImplementedError) as error:
            raise CheckpointError(f"cannot be read: {error}") from error


class _Reader:
    """Reads an archive's members, each only if it is what it should be."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._members = {info.filename: info for info in archive.infolist()}
        if len(self._members) < len(archive.infolist()):
            raise CheckpointError("has two members of one name")
        if any(info.compress_type != zipfile.ZIP_STORED for info in self._members.values()):
            # What is stored as it is cannot be larger than the file.
            raise CheckpointError("has compressed members")
        if sum(info.file_size for info in self._members.values()) > MAX_BYTES:
            raise CheckpointError(f"is larger than {MAX_BYTES} bytes")

    def read(self) -> Checkpoint:
        header = self._header()
        recipe = recipe_from(header["recipe"])
        shape = _shape(header["shape"])
        dataset = _dataset(header["dataset"])
        _match(recipe, shape, dataset)
        parameters = (shape.parameters,)
        slots = {
            name: self._array(f"slot_{name}", parameters, np.float32)
            for name in OPTIMIZERS[recipe.optimizer].slots
        }
        state = LaneState(
            epoch=_natural(header, "epoch"),
            steps=_natural(header, "steps"),
            parameters=self._array("parameters", parameters, np.float32),
            statistics=self._array("statistics", (shape.statistics,), np.float32),
            slots=slots,
        )
        features = (shape.widths[0],)
        scaling = Scaling(
            mean=self._array("mean", features, np.float64),
            deviation=self._array("deviation", features, np.float64),
            target_mean=float(header["target_mean"]),
            target_deviation=float(header["target_deviation"]),
        )
        return Checkpoint(
            number=_natural(header, "number"),
            line=None if header["line"] is None else _natural(header, "line"),
            seed=_natural(header, "seed"),
            recipe=recipe,
            state=state,
            shape=shape,
            dataset=dataset,
            scaling=scaling,
        )

    def _header(self) -> dict[str, Any]:
        info = self._members.get("header.npy")
        if info is None:
            raise CheckpointError("has no header: it is not a checkpoint of Caviar")
        if info.file_size > MAX_HEADER_BYTES:
            raise CheckpointError(f"has a header of {info.file_size} bytes")
        with self._archive.open(info) as member:
            shape, kind = _npy_header(member)
            if kind != np.uint8 or len(shape) != 1:
                raise CheckpointError("has a header that is no text")
            text = member.read(shape[0])
        header = json.loads(text)
        if not isinstance(header, dict) or header.get("format") != FORMAT:
            raise CheckpointError("is not a checkpoint of Caviar")
        if header.get("version") != VERSION:
            raise CheckpointError(
                f"is of version {header.get('version')}; this Caviar reads version {VERSION}"
            )
        return header

    def _array(self, name: str, shape: tuple[int, ...], kind: type[T]) -> NDArray[T]:
        info = self._members.get(f"{name}.npy")
        if info is None:
            raise CheckpointError(f"lacks its {name}")
        with self._archive.open(info) as member:
            found, found_kind = _npy_header(member)
            if found != shape or found_kind != np.dtype(kind):
                raise CheckpointError(
                    f"has {name} of {found_kind} {found} where the header tells "
                    f"{np.dtype(kind)} {shape}"
                )
            size = np.dtype(kind).itemsize * shape[0]
            content = member.read(size + 1)
        if len(content) != size:
            raise CheckpointError(f"does not have the {shape[0]} numbers of its {name}")
        return np.frombuffer(content, kind).copy()


def _npy_header(member: Any) -> tuple[tuple[int, ...], np.dtype[Any]]:
    version = npy.read_magic(member)
    if version != (1, 0):
        raise CheckpointError(f"has arrays of version {version}")
    shape, fortran, kind = npy.read_array_header_1_0(member)
    if fortran and len(shape) > 1:
        raise CheckpointError("has arrays in another order")
    return shape, kind


def _shape(fields: Mapping[str, Any]) -> Shape:
    widths = fields["widths"]
    if not isinstance(widths, list) or len(widths) < 2:
        raise CheckpointError("has no widths of layers")
    if any(type(width) is not int or not 0 < width <= MAX_WIDTH for width in widths):
        raise CheckpointError("has impossible widths of layers")
    shape = Shape(**{**fields, "widths": tuple(widths)})
    if 4 * shape.parameters > MAX_BYTES:
        raise CheckpointError("tells of a network that is too large")
    return shape


def _dataset(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    if fields["task"] not in TASKS or not isinstance(fields["labels"], list):
        raise CheckpointError("is of an unknown task")
    if len(fields["labels"]) > MAX_CLASSES:
        raise CheckpointError("has too many classes")
    return {name: fields[name] for name in ("name", "task", "labels", "split")}


def _match(recipe: Recipe, shape: Shape, dataset: Mapping[str, Any]) -> None:
    """The shape must be that of the recipe, on some data set of the task."""
    task = TASKS[dataset["task"]]
    outputs = task.outputs(len(dataset["labels"]))
    hidden = recipe.hidden_units
    expected = Shape(
        widths=(shape.widths[0], *hidden, outputs),
        activation=recipe.activation,
        loss=task.loss,
        batch_size=shape.batch_size,
        batch_norm=recipe.batch_norm and bool(hidden),
        dropout=recipe.keep_prob < 1.0 and bool(hidden),
    )
    if shape != expected or type(shape.batch_size) is not int or shape.batch_size < 1:
        raise CheckpointError("has a shape that is not of its recipe")


def _natural(header: Mapping[str, Any], name: str) -> int:
    value = header[name]
    if type(value) is not int or value < 0:
        raise CheckpointError(f"has an impossible {name}")
    return value
