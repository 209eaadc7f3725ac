"""Checkpoints: a lane's state with everything that its network needs, as .npz without pickle.

The file is a zip archive of plain arrays. The member `header` is JSON as bytes: format, version,
number, line (the lineage), seed, epoch, steps, recipe, shape, data set and scaling of the targets.
The other members are the arrays of the state by name, and mean and deviation of the features. Of a
data set of the user's, `preprocessing` is JSON as bytes: how raw rows become features. Where the
best epoch is an earlier one, `best_epoch` of the header and two arrays tell its weights. An array
is read only if it has the dtype and shape that follow from the header.
"""

import io
import json
import math
import re
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, TypeVar

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from caviar.engine.data.datasets import TASKS, Dataset
from caviar.engine.data.preprocessing import Preprocessing, preprocessing_from
from caviar.engine.data.scaling import Scaling
from caviar.engine.errors import CheckpointError, DatasetError, RecipeError
from caviar.engine.optim.optimizers import OPTIMIZERS
from caviar.engine.population.lanes import Lane, LaneState, Weights
from caviar.engine.recipe import Recipe, recipe_from
from caviar.engine.shapes import Shape

T = TypeVar("T", np.float32, np.float64)

FORMAT = "caviar checkpoint"
VERSION = 2
BUILTIN_VERSION = 1
"""Of a checkpoint without preprocessing, which every Caviar reads."""

MAX_CHECKPOINT_BYTES = 4 * 2**30
MAX_HEADER_BYTES = 2**20
MAX_PREPROCESSING_BYTES = 8 * 2**20
MAX_WIDTH = 2**24
MAX_CLASSES = 2**16
MAX_INTEGER = 2**63 - 1

_DATE = (1980, 1, 1, 0, 0, 0)
"""The date of all members, fixed so that equal states give equal files."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Checkpoint:
    """A lane's state, with the recipe, shape, data set and scaling of its network."""

    number: int
    lineage: int | None = None
    """See Lane.lineage; stored as `line`."""
    seed: int
    recipe: Recipe
    state: LaneState
    shape: Shape
    dataset: Mapping[str, Any]
    """Name, task, labels, split and version of the data set, as plain JSON values."""
    scaling: Scaling
    preprocessing: Preprocessing | None = None
    """Of a data set of the user's: how raw rows become features."""
    best: Weights | None = None
    """The weights of an earlier epoch, of whose value the trial is; None if it is the state's."""

    @property
    def lane(self) -> Lane:
        """The lane: `Training(dataset, [lane], seed=seed, start={number: state})` continues it."""
        return Lane(number=self.number, recipe=self.recipe, lineage=self.lineage)


def make_checkpoint(
    lane: Lane, state: LaneState, dataset: Dataset, *, seed: int, best: Weights | None = None
) -> Checkpoint:
    """The checkpoint of a lane that trains on a data set."""
    description = {
        "name": dataset.name,
        "task": dataset.task,
        "labels": list(dataset.labels),
        "split": dict(dataset.split),
    }
    if dataset.version is not None:
        description["version"] = dataset.version
    return Checkpoint(
        number=lane.number,
        lineage=lane.lineage,
        seed=seed,
        recipe=lane.recipe,
        state=state,
        shape=lane.recipe.shape(dataset),
        dataset=description,
        scaling=dataset.scaling,
        preprocessing=dataset.preprocessing,
        best=best,
    )


def write_checkpoint(checkpoint: Checkpoint) -> bytes:
    """The checkpoint as the bytes of an .npz file; equal checkpoints give equal bytes."""
    state, scaling = checkpoint.state, checkpoint.scaling
    header = {
        "format": FORMAT,
        "version": BUILTIN_VERSION if checkpoint.preprocessing is None else VERSION,
        "number": checkpoint.number,
        "line": checkpoint.lineage,
        "seed": checkpoint.seed,
        "epoch": state.epoch,
        "steps": state.steps,
        "recipe": asdict(checkpoint.recipe),
        "shape": asdict(checkpoint.shape),
        "dataset": dict(checkpoint.dataset),
        "target_mean": scaling.target_mean,
        "target_deviation": scaling.target_deviation,
    }
    arrays = {
        "header": _json_array(header),
        "parameters": state.parameters,
        "statistics": state.statistics,
        "mean": scaling.mean,
        "deviation": scaling.deviation,
        **{f"slot_{name}": slot for name, slot in state.slots.items()},
    }
    if checkpoint.best is not None:
        header["best_epoch"] = checkpoint.best.epoch
        arrays["header"] = _json_array(header)
        arrays["best_parameters"] = checkpoint.best.parameters
        arrays["best_statistics"] = checkpoint.best.statistics
    if checkpoint.preprocessing is not None:
        arrays["preprocessing"] = _json_array(checkpoint.preprocessing.to_json())
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            member = io.BytesIO()
            npy.write_array(member, np.ascontiguousarray(array), version=(1, 0), allow_pickle=False)
            info = zipfile.ZipInfo(f"{name}.npy", _DATE)
            archive.writestr(info, member.getvalue())
    return buffer.getvalue()


def _json_array(value: Any) -> NDArray[Any]:
    text = json.dumps(value, sort_keys=True, allow_nan=False).encode()
    return np.frombuffer(text, np.uint8)


def read_checkpoint(source: bytes | str | Path) -> Checkpoint:
    """Read a checkpoint, given as a path or as bytes.

    The content may come from an untrusted source: nothing is unpickled, and no array is read before
    its size is known to be the one that follows from the header.

    Raises CheckpointError if the content is not a consistent checkpoint of this version.
    """
    stream = io.BytesIO(source) if isinstance(source, bytes) else Path(source).open("rb")  # noqa: SIM115
    with stream:
        try:
            with zipfile.ZipFile(stream) as archive:
                return _Reader(archive).read()
        except RecipeError as error:
            raise CheckpointError(f"invalid recipe: {error}") from error
        except DatasetError as error:
            raise CheckpointError(str(error)) from error
        except zipfile.BadZipFile as error:
            raise CheckpointError(f"not an .npz file: {error}") from None
        except _UNREADABLE as error:
            text = str(error) or type(error).__name__
            raise CheckpointError(f"unreadable content: {text:.200}") from error


_UNREADABLE = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    zlib.error,
)
"""What zipfile, json and NumPy raise for malformed content."""


class _Reader:
    """Reads the members of an archive, each only if its dtype and shape are the expected ones."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._members = {info.filename: info for info in archive.infolist()}
        if len(self._members) < len(archive.infolist()):
            raise CheckpointError("two members have the same name")
        if any(info.compress_type != zipfile.ZIP_STORED for info in self._members.values()):
            # An uncompressed member cannot be larger than the file.
            raise CheckpointError("members are compressed")
        if sum(info.file_size for info in self._members.values()) > MAX_CHECKPOINT_BYTES:
            raise CheckpointError(f"content is larger than {MAX_CHECKPOINT_BYTES} bytes")

    def read(self) -> Checkpoint:
        header = self._header()
        if not isinstance(header["recipe"], dict):
            raise CheckpointError("there is no recipe")
        recipe = recipe_from(header["recipe"])
        shape = _shape(header["shape"])
        dataset = _dataset(header["dataset"])
        _check_shape(recipe, shape, dataset)
        parameters = (shape.parameters,)
        slots = {
            name: self._array(f"slot_{name}", parameters, np.float32)
            for name in OPTIMIZERS[recipe.optimizer].slots
        }
        state = LaneState(
            epoch=_non_negative(header, "epoch"),
            steps=_non_negative(header, "steps"),
            parameters=self._array("parameters", parameters, np.float32),
            statistics=self._array("statistics", (shape.statistics,), np.float32),
            slots=slots,
        )
        features = (shape.widths[0],)
        scaling = Scaling(
            mean=self._array("mean", features, np.float64),
            deviation=self._array("deviation", features, np.float64),
            target_mean=_finite(header, "target_mean"),
            target_deviation=_finite(header, "target_deviation"),
        )
        return Checkpoint(
            number=_non_negative(header, "number"),
            lineage=None if header["line"] is None else _non_negative(header, "line"),
            seed=_non_negative(header, "seed"),
            recipe=recipe,
            state=state,
            shape=shape,
            dataset=dataset,
            scaling=scaling,
            preprocessing=self._preprocessing(header["version"], shape),
            best=self._best(header, shape),
        )

    def _best(self, header: Mapping[str, Any], shape: Shape) -> Weights | None:
        if "best_epoch" not in header:
            return None
        return Weights(
            epoch=_non_negative(header, "best_epoch"),
            parameters=self._array("best_parameters", (shape.parameters,), np.float32),
            statistics=self._array("best_statistics", (shape.statistics,), np.float32),
        )

    def _preprocessing(self, version: int, shape: Shape) -> Preprocessing | None:
        if version == BUILTIN_VERSION:
            return None
        preprocessing = preprocessing_from(self._json("preprocessing", MAX_PREPROCESSING_BYTES))
        if len(preprocessing.features) != shape.widths[0]:
            raise CheckpointError("preprocessing does not fit the network")
        return preprocessing

    def _header(self) -> dict[str, Any]:
        header = self._json("header", MAX_HEADER_BYTES)
        if not isinstance(header, dict) or header.get("format") != FORMAT:
            raise CheckpointError("not a Caviar checkpoint")
        if header.get("version") not in (BUILTIN_VERSION, VERSION):
            raise CheckpointError(
                f"unsupported version {header.get('version')}: this Caviar reads versions "
                f"{BUILTIN_VERSION} and {VERSION}"
            )
        return header

    def _json(self, name: str, max_bytes: int) -> Any:
        """The value of a member that is JSON as bytes."""
        info = self._members.get(f"{name}.npy")
        if info is None:
            raise CheckpointError(f"no {name}: not a Caviar checkpoint")
        if info.file_size > max_bytes:
            raise CheckpointError(f"{name} of {info.file_size} bytes is larger than {max_bytes}")
        with self._archive.open(info) as member:
            shape, dtype = _npy_header(member)
            if dtype != np.uint8 or len(shape) != 1:
                raise CheckpointError(f"{name} is not text")
            return json.loads(member.read(shape[0]))

    def _array(self, name: str, shape: tuple[int, ...], scalar: type[T]) -> NDArray[T]:
        info = self._members.get(f"{name}.npy")
        if info is None:
            raise CheckpointError(f"array {name} is missing")
        with self._archive.open(info) as member:
            stored_shape, stored_dtype = _npy_header(member)
            dtype = np.dtype(scalar)
            if stored_shape != shape or stored_dtype != dtype:
                raise CheckpointError(
                    f"array {name} is {stored_dtype} {stored_shape}; the header requires "
                    f"{dtype} {shape}"
                )
            size = dtype.itemsize * shape[0]
            content = member.read(size + 1)
        if len(content) != size:
            raise CheckpointError(f"array {name} does not have {shape[0]} values")
        return np.frombuffer(content, scalar).copy()


_NPY_HEADER = re.compile(
    rb"\{'descr': '([<>|][a-zA-Z][0-9]{0,4})', 'fortran_order': (?:True|False), "
    rb"'shape': \(([0-9]{1,18})?,?\), \} *\n?"
)
"""What NumPy writes of a plain array of at most one dimension."""

_MAX_NPY_HEADER = 1_024


def _npy_header(member: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Shape and dtype of an array. NumPy's own reader parses Python code, at any price."""
    version = npy.read_magic(member)
    if version != (1, 0):
        raise CheckpointError(f"unsupported .npy version {version}")
    size = int.from_bytes(member.read(2), "little")
    if size > _MAX_NPY_HEADER:
        raise CheckpointError(f"a header of {size} bytes is larger than {_MAX_NPY_HEADER}")
    match = _NPY_HEADER.fullmatch(member.read(size))
    if match is None:
        raise CheckpointError("a header is not that of a plain array")
    length = match[2]
    return () if length is None else (int(length),), np.dtype(match[1].decode())


def _shape(fields: Mapping[str, Any]) -> Shape:
    widths = fields["widths"]
    if not isinstance(widths, list) or len(widths) < 2:
        raise CheckpointError("shape has no widths of layers")
    if any(type(width) is not int or not 0 < width <= MAX_WIDTH for width in widths):
        raise CheckpointError("shape has widths of layers that are out of range")
    shape = Shape(**{**fields, "widths": tuple(widths)})
    if 4 * shape.parameters > MAX_CHECKPOINT_BYTES:
        raise CheckpointError(f"network of {shape.parameters} parameters is too large")
    return shape


def _dataset(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    if fields["task"] not in TASKS or not isinstance(fields["labels"], list):
        raise CheckpointError("data set has an unknown task")
    if not all(type(label) in (bool, int, float, str) for label in fields["labels"]):
        raise CheckpointError("data set has labels that are neither numbers nor texts")
    if not isinstance(fields["name"], str) or not isinstance(fields["split"], dict):
        raise CheckpointError("data set has no name or no split")
    if len(fields["labels"]) > MAX_CLASSES:
        raise CheckpointError(f"data set has more than {MAX_CLASSES} classes")
    if not isinstance(fields.get("version", ""), str):
        raise CheckpointError("data set has an unknown version")
    optional = ("version",) if "version" in fields else ()
    return {name: fields[name] for name in ("name", "task", "labels", "split", *optional)}


def _check_shape(recipe: Recipe, shape: Shape, dataset: Mapping[str, Any]) -> None:
    """Raise CheckpointError unless the shape is that of the recipe on a data set of the task."""
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
    is_batch = type(shape.batch_size) is int and 1 <= shape.batch_size <= recipe.batch_size
    if shape != expected or not is_batch:
        raise CheckpointError("shape does not fit the recipe")


def _non_negative(header: Mapping[str, Any], name: str) -> int:
    value = header[name]
    if type(value) is not int or not 0 <= value <= MAX_INTEGER:
        raise CheckpointError(f"{name} must be an integer from 0 to 2**63 - 1, not {value!r:.40}")
    return value


def _finite(header: Mapping[str, Any], name: str) -> float:
    value = header[name]
    if type(value) not in (int, float) or not math.isfinite(number := float(value)):
        raise CheckpointError(f"{name} must be a finite number, not {value!r:.40}")
    return number
