"""scikit-learn's conventions for classifiers, kept without scikit-learn: copies, tags."""

from typing import Any, Self

from inlay.errors import NotFittedError
from inlay.hosts.sklearn import Parameters
from inlay.optional import require


class Estimator(Parameters):
    """A classifier; `classes_` is there once it is fitted."""

    _estimator_type = "classifier"

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
