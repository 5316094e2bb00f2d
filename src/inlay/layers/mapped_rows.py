"""Training a table that is larger than memory: its rows are in files, and a step maps some."""

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from inlay.aliases import Array
from inlay.bytes.damage import damage_reported
from inlay.bytes.writing import atomic_folder, atomic_path, restore_folder
from inlay.calls import refuses_unknown
from inlay.checks import choice, described, number, two, whole
from inlay.containers.safetensors import Safetensors, write
from inlay.core import Table, Tokens
from inlay.errors import ArgumentError, ArgumentTypeError, FormatError
from inlay.hosts.ids import check_values
from inlay.layers.mapped_files import MappedFiles, make
from inlay.paths import folder_to_write, path_to_read

ROWS, STATE, TOKENS = "rows", "state.json", "tokens.safetensors"
SLOTS = {"adam": ("first", "second"), "adagrad": ("squares",), "sgd": ()}
FORMAT = "inlay-mapped-rows 1"
COPIED_AT_ONCE = 1 << 14  # rows
WRITTEN_AT_ONCE = 1 << 14  # bytes
RESIDENT = 1 << 30


class MappedRows:
    """Rows of a table, and what an optimiser knows of each, in files of a folder.

    A step pulls the rows of its batch, in the host framework computes the gradient with respect
    to them, and pushes that: the optimiser changes these rows in the files, and no others. So the
    vocabulary may be of any size. The folder is for one process at a time.

    Rows and all that belongs to them are changed in their place. After a kill, `open` puts
    everything back to the last `checkpoint`. After a power cut it may fail to, for between two
    checkpoints nothing is forced onto the disk.

    Make one by `create` or `open`.

    Attributes:
        learning_rate: May be set between two steps.
        steps: How many there have been.

    Examples:
        >>> import tempfile
        >>> table = Table(["good", "bad", "film"], np.eye(3, 2, dtype="float32"))
        >>> folder = tempfile.mkdtemp() + "/rows"
        >>> rows = MappedRows.create(table, folder, optimizer="sgd", learning_rate=0.5)
        >>> pulled, positions = rows.pull([[2, 0, 2]])
        >>> pulled.shape, positions.tolist()  # two rows: that of id 0, and that of id 2
        ((2, 2), [[1, 0, 1]])
        >>> rows.push(np.ones((2, 2)))
        >>> rows.table["good"]
        array([ 0.5, -0.5], dtype=float32)
    """

    def __init__(self, folder: Path, state: Mapping[str, Any], resident: int) -> None:
        self._folder, self._state = folder, dict(state)
        self.learning_rate = float(state["learning_rate"])
        self.steps = int(state["steps"])
        names = (ROWS, *SLOTS[state["optimizer"]])
        shape = (int(state["rows"]), int(state["dim"]))
        self._files = MappedFiles(folder, names, shape, state["journal"], resident)
        self._rows, *self._slots = self._files.arrays
        self._pulled: Array | None = None

    @classmethod
    @refuses_unknown({"lr": "learning_rate=", "optimiser": "optimizer="})
    def create(
        cls,
        table: Table,
        folder: str | os.PathLike[str],
        *,
        optimizer: str = "adam",
        learning_rate: float = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        resident: int = RESIDENT,
    ) -> "MappedRows":
        """Copy a table into a new folder; the table's own file is not written to.

        Args:
            table: Any table. Its vectors become float32. The row of padding stays zero.
            folder: A new folder, for one matrix, and for each average of the optimiser a file
                that grows up to the same size as rows are trained.
            optimizer: `"adam"`, as `LazyAdam` for PyTorch does it; `"adagrad"`, as
                `torch.optim.Adagrad`; or `"sgd"`.
            learning_rate: The size of a step.
            betas: Of Adam: how much the averages keep in a step.
            eps: Of Adam and Adagrad: what is added to the root.
            resident: About how many bytes of the files count as this process's memory before the
                system gets them back.

        Returns:
            The rows, before their first step. Allocates one byte a row; copying takes as long as
            the disk does.

        Raises:
            ArgumentError: The folder exists, the table is empty, or a number is out of its bounds.
            ArgumentTypeError: `table` is none, or an argument of another name.
        """
        if not isinstance(table, Table):
            raise ArgumentTypeError(
                "table", expected="a Table", got=described(table), hint="inlay.load(path)"
            )
        if not len(table):
            raise ArgumentError("table", expected="one with a row", got="an empty one")
        state: dict[str, Any] = {
            "format": FORMAT,
            "optimizer": choice("optimizer", optimizer, tuple(SLOTS)),
            "learning_rate": number("learning_rate", learning_rate, least=0),
            "betas": [number("betas", beta, least=0, below=1) for beta in two("betas", betas)],
            "eps": number("eps", eps, least=0),
            "rows": len(table),
            "dim": table.dim,
            "pad_id": table.pad_id,
            "unk_id": table.unk_id,
            "provenance": table.provenance,
            "steps": 0,
            "journal": "journal-0",
        }
        resident = whole("resident", resident)
        target = folder_to_write(folder)
        if target.exists():
            raise ArgumentError(
                str(target),
                expected="a new folder",
                got="one that exists",
                hint=f"MappedRows.open({str(folder)!r}) goes on with what is there",
            )
        with atomic_folder(target) as part:
            _copy(table, part / ROWS)
            for slot in SLOTS[state["optimizer"]]:
                make(part / slot, 4 * len(table) * table.dim)
            tokens = table.tokens
            arrays = {"tokens": tokens.blob, "offsets": tokens.offsets, "index": tokens.slots}
            write(part / TOKENS, arrays)
            (part / STATE).write_text(json.dumps(state), encoding="utf-8")
        return cls(target, state, resident)

    @classmethod
    def open(cls, folder: str | os.PathLike[str], *, resident: int = RESIDENT) -> "MappedRows":
        """Go on from the last checkpoint, or from the beginning if there was none.

        Args:
            folder: What `create` made.
            resident: As of `create`.

        Returns:
            The rows as they were at the checkpoint. Reads as much as has changed since then.

        Raises:
            FormatError: There are no such files in the folder, or they are damaged.
        """
        path, resident = path_to_read("folder", folder), whole("resident", resident)
        restore_folder(path)
        where = str(path / STATE)
        if not (path / STATE).is_file():
            raise FormatError(
                str(path), expected="a folder that MappedRows.create made", got="another"
            )
        with damage_reported(where, expected=FORMAT, hint="create the folder again"):
            state = json.loads((path / STATE).read_text(encoding="utf-8"))
            if state["format"] != FORMAT:
                raise FormatError(where, expected=FORMAT, got=described(state["format"]))
            return cls(path, state, resident)

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def dim(self) -> int:
        """Numbers in a row."""
        return int(self._rows.shape[1])

    @property
    def pad_id(self) -> int | None:
        """The row of padding, which stays zero, or None."""
        return self._state["pad_id"]  # type: ignore[no-any-return]

    def __repr__(self) -> str:
        return (
            f"MappedRows({len(self)} x {self.dim}, {self._state['optimizer']}, {self.steps} steps)"
        )

    def pull(self, ids: Any, *, size: int | None = None) -> tuple[Array, Array]:
        """Copy the rows of a batch.

        Args:
            ids: Whole numbers of any shape.
            size: How many rows to return at least, those beyond the batch's own zero: one shape
                for all batches, for a host that compiles for each. `ids.size` always suffices.

        Returns:
            `(rows, positions)`: float32 `(k, dim)`, each distinct id's row once, and int64 like
            `ids`, so that `rows[positions]` are the vectors of `ids`.

        Raises:
            IdError: An id is out of range.
            ArgumentError: `size` is less than there are distinct ids.
        """
        try:
            array = np.asarray(ids)
        except ValueError:  # lists of several lengths
            expected, got = "whole numbers, in as many for each text", described(ids)
            hint = "vocab.encode(texts), which pads them"
            raise ArgumentTypeError("ids", expected=expected, got=got, hint=hint) from None
        array = array.astype(np.int64) if not array.size else array
        if array.dtype.kind not in "iu":
            raise ArgumentTypeError(
                "ids", expected="whole numbers", got=str(array.dtype), hint="vocab.encode(texts)"
            )
        check_values("ids", array, len(self))
        distinct, positions = np.unique(array, return_inverse=True)
        distinct = distinct.astype(np.int64)
        n = distinct.size if size is None else whole("size", size, least=0)
        if n < distinct.size:
            raise ArgumentError(
                "size", expected=f"{distinct.size} or more, as there are distinct ids", got=f"{n}"
            )
        rows = np.zeros((n, self.dim), np.float32)
        rows[: distinct.size] = self._rows[distinct]
        self._pulled = distinct
        self._files.touched(distinct.size)
        return rows, positions.reshape(array.shape).astype(np.int64)

    def push(self, gradient: Any) -> None:
        """Change the rows that were pulled last, by one step of the optimiser.

        Args:
            gradient: With respect to the rows that `pull` returned, and of their shape: an
                array, or a tensor of a framework in the processor's memory.

        Raises:
            ArgumentError: Nothing was pulled since the last push, or another shape.
        """
        ids = self._pulled
        if ids is None:
            raise ArgumentError("push", expected="a pull before it", got="none since the last push")
        try:
            g = np.ascontiguousarray(gradient, np.float32)
        except (TypeError, ValueError):
            got = described(gradient)
            raise ArgumentTypeError("gradient", expected="an array", got=got) from None
        if g.ndim != 2 or len(g) < ids.size or g.shape[1] != self.dim:
            expected = f"an array of shape ({ids.size}, {self.dim}), as the rows were"
            raise ArgumentError("gradient", expected=expected, got=described(gradient))
        g = g[: ids.size]
        if (pad_id := self.pad_id) is not None:
            ids, g = ids[ids != pad_id], g[ids != pad_id]
        self._files.about_to_change(ids)
        self.steps += 1
        self._change(ids, g)
        self._pulled = None
        self._files.touched(ids.size)

    def _change(self, ids: Array, g: Array) -> None:
        rate, eps = self.learning_rate, self._state["eps"]
        match self._state["optimizer"]:
            case "adam":
                from inlay.kernels.adam import adam

                beta1, beta2 = self._state["betas"]
                correction = math.sqrt(1 - beta2**self.steps)
                rate *= correction / (1 - beta1**self.steps)
                numbers = map(np.float32, (rate, beta1, beta2, 1, eps * correction))
                adam(self._rows, ids, g, *self._slots, *numbers)
            case "adagrad":
                from inlay.kernels.adagrad import adagrad

                adagrad(self._rows, ids, g, *self._slots, np.float32(rate), np.float32(eps))
            case _:
                self._rows[ids] -= np.float32(rate) * g

    def checkpoint(self) -> None:
        """Put all on the disk, as the state to which `open` goes back. Save your model with it."""
        self._files.flush()
        state = {**self._state, "learning_rate": self.learning_rate, "steps": self.steps}
        state["journal"] = f"journal-{self.steps}"
        with atomic_path(self._folder / STATE) as part:
            part.write_text(json.dumps(state), encoding="utf-8")
        self._files.begin(state["journal"])
        self._state = state

    @property
    def table(self) -> Table:
        """The rows as a table, which shares the files: its numbers change with the next push."""
        with Safetensors.open(self._folder / TOKENS) as file:
            tokens = Tokens(*(np.asarray(file[name]) for name in ("tokens", "offsets", "index")))
        rows = np.memmap(self._folder / ROWS, np.float32, "r", shape=self._rows.shape)
        done = {"optimizer": self._state["optimizer"], "steps": self.steps}
        return Table(
            tokens,
            rows.view(np.ndarray),
            pad_id=self.pad_id,
            unk_id=self._state["unk_id"],
            provenance={**self._state["provenance"], "mapped_rows": done},
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the rows as they are now to a file of vectors, as `Table.save` does.

        Args:
            path: The file; what stands there is replaced.
        """
        self.table.save(path)


def _copy(table: Table, path: Path) -> None:
    # The system keeps in one piece what is written at once, and maps all of it for a row of it:
    # of 2 MB, a thousand rows would bring a gigabyte.
    with path.open("wb", buffering=0) as file:
        for start in range(0, len(table), COPIED_AT_ONCE):
            rows = table._rows[start : start + COPIED_AT_ONCE]
            whole = memoryview(np.ascontiguousarray(rows, np.float32).tobytes())
            for at in range(0, len(whole), WRITTEN_AT_ONCE):
                file.write(whole[at : at + WRITTEN_AT_ONCE])
