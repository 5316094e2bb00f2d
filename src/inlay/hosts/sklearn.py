"""scikit-learn's conventions, kept without importing it: parameters, copies, output."""

import importlib
import inspect
import sys
from typing import Any, Self

import numpy as np

from inlay.aliases import Array
from inlay.checks import choice, shown
from inlay.errors import ArgumentError, MissingPackageError

OUTPUT = "_sklearn_output_config"  # where scikit-learn's estimators keep it too


class Parameters:
    """What has a constructor that keeps its arguments as attributes of the same names.

    What is learned ends in `_`.
    """

    @classmethod
    def _defaults(cls) -> dict[str, Any]:
        """The parameters by name, with their defaults."""
        parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]
        return {parameter.name: parameter.default for parameter in parameters}

    def get_params(self, *, deep: bool = True) -> dict[str, Any]:
        """The settings by name; `deep` is there for scikit-learn."""
        return {name: getattr(self, name) for name in self._defaults()}

    def set_params(self, **params: Any) -> Self:
        """Change settings; what has been fitted stays until the next `fit`.

        Raises:
            ArgumentError: A setting of another name.
        """
        names = self._defaults()
        for name in params:
            if name not in names:
                raise ArgumentError(
                    "set_params", expected=f"one of {', '.join(names)}", got=repr(name)
                )
        for name, value in params.items():
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        defaults = self._defaults()
        changed = [f"{k}={shown(v)}" for k, v in self.get_params().items() if v is not defaults[k]]
        return f"{type(self).__name__}({', '.join(changed)})"

    def __sklearn_clone__(self) -> Self:
        # scikit-learn would copy tables and encoders, which never change and can be shared.
        made = type(self)(**self.get_params())
        if OUTPUT in vars(self):
            vars(made)[OUTPUT] = dict(vars(self)[OUTPUT])
        return made


class Output(Parameters):
    """What can give its vectors as a data frame: `set_output`."""

    def set_output(self, *, transform: str | None = None) -> Self:
        """Choose what `transform` and `fit_transform` give.

        Args:
            transform: "default" for an array, "pandas" or "polars" for a data frame with the names
                of `get_feature_names_out` as columns. None: as it was.

        Raises:
            ArgumentError: Another value.
            MissingPackageError: The package is not installed.
        """
        choice("transform", transform, (None, "default", "pandas", "polars"))
        if transform in ("pandas", "polars"):
            _frames(transform)
        if transform is not None:
            vars(self)[OUTPUT] = {"transform": transform}
        return self

    def _as_output(self, vectors: Array, names: Array, given: Any) -> Any:
        """An array as what was chosen here, or else for all estimators in `sklearn.set_config`.

        Args:
            vectors: `(n, dim)`.
            names: Of the columns.
            given: What was transformed: a series of pandas has the index of the rows.
        """
        chosen = vars(self).get(OUTPUT, {}).get("transform")
        if chosen is None and (sklearn := sys.modules.get("sklearn")) is not None:
            chosen = sklearn.get_config().get("transform_output")
        if chosen == "pandas":
            pandas = _frames("pandas")
            index = getattr(given, "index", None)
            index = index if isinstance(index, pandas.Index) else None
            return pandas.DataFrame(vectors, columns=names, index=index, copy=False)
        if chosen == "polars":
            return _frames("polars").DataFrame(
                np.asarray(vectors), schema=names.tolist(), orient="row"
            )
        return vectors


def _frames(package: str) -> Any:
    """The package of data frames, which no extra of inlay has need to bring."""
    try:
        return importlib.import_module(package)
    except ModuleNotFoundError as error:
        raise MissingPackageError(
            "giving data frames",
            expected=f"the package {package!r}",
            got="no such package here",
            hint=f"pip install {package}",
        ) from error
