"""scikit-learn's conventions, kept without scikit-learn: parameters, copies, tags."""

import inspect
from typing import Any, Self

from inlay.checks import shown
from inlay.errors import ArgumentError, NotFittedError
from inlay.optional import require


class Estimator:
    """A classifier whose constructor keeps its arguments as attributes of the same names.

    What is learned ends in `_`; `classes_` is there once it is fitted.
    """

    _estimator_type = "classifier"

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

    def _check_fitted(self, where: str) -> None:
        """Refuse to go on before `fit`.

        Raises:
            NotFittedError: It is not fitted.
        """
        if not self.__sklearn_is_fitted__():
            got, hint = "one that is not fitted yet", "fit, or TextClassifier.load(path)"
            raise NotFittedError(where, expected="a fitted classifier", got=got, hint=hint)

    def __copy__(self) -> Self:
        # What is set can be set anew in the copy; what has been learned never changes.
        copied = type(self).__new__(type(self))
        vars(copied).update(vars(self))
        return copied

    def __deepcopy__(self, memo: object) -> Self:
        return self.__copy__()

    def __repr__(self) -> str:
        defaults = self._defaults()
        changed = [f"{k}={shown(v)}" for k, v in self.get_params().items() if v is not defaults[k]]
        return f"{type(self).__name__}({', '.join(changed)})"

    def __sklearn_clone__(self) -> Self:
        # scikit-learn would copy the table; it is immutable, so it can be shared.
        return type(self)(**self.get_params())

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "classes_")

    def __sklearn_tags__(self) -> Any:
        utils = require("sklearn.utils", extra="demo", need="scikit-learn's tags")
        return utils.Tags(
            estimator_type="classifier",
            target_tags=utils.TargetTags(required=True),
            classifier_tags=utils.ClassifierTags(),
            input_tags=utils.InputTags(two_d_array=False, string=True),
        )
