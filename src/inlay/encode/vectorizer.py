"""An encoder as scikit-learn's transformer of texts; scikit-learn itself is a guest."""

from collections.abc import Iterable
from typing import Any, Self

import numpy as np

from inlay.aliases import Array, Text
from inlay.calls import Elsewhere, refuses_unknown
from inlay.checks import choice, every_text, flag, flag_or_none, whole_or_none
from inlay.encode import as_encoder
from inlay.encode.base import TextEncoder
from inlay.encode.elsewhere import OF_TEXTS
from inlay.encode.learning import learned_on, must_learn
from inlay.encode.remembering import encoded
from inlay.errors import ArgumentError, NotFittedError
from inlay.hosts.sklearn import Output
from inlay.optional import require

# What scikit-learn's own vectorizers, and others, call the arguments.
FOREIGN: Elsewhere = {
    **OF_TEXTS,
    **dict.fromkeys(("model", "embedding", "embeddings", "table", "vectors"), "encoder="),
}


class Vectorizer(Output):
    """A transformer of scikit-learn that makes a vector of each text, by any encoder.

    It stands in pipelines, in a `ColumnTransformer` (name the column of texts as a string and not
    in a list, as for scikit-learn's own vectorizers) and in searches; it is cloned, pickled and
    sent to workers as others are. An encoder that has learned, or has nothing to learn, needs no
    `fit`, and clones share it: its vectors never change.

    Args:
        encoder: What has the vectors: an encoder, its path or name, as of `inlay.load_encoder`; a
            table; or a function from a list of texts to an array.
        pool: How the vectors of a text's tokens become one, of the encoder's `pools`. None: the
            first of these.
        normalize: Whether to give every vector the length 1; zeros stay zeros.
        batch_size: The most texts that run at once. None: as many as serve the encoder.
        progress: Whether to show a bar. None: only on a terminal.

    Attributes:
        encoder_: The encoder, read if it was given by its path. One that had yet to learn, as
            with `pool="sif"`, has learned on the texts of `fit`, and is a copy.
        n_features_out_: Numbers in a vector.

    Examples:
        >>> from inlay import Table
        >>> table = Table(["good", "film"], np.eye(2, dtype="float32"))
        >>> Vectorizer(table).fit_transform(["a good film", "film", ""])
        array([[0.5, 0.5],
               [0. , 1. ],
               [0. , 0. ]], dtype=float32)
    """

    @refuses_unknown(FOREIGN)
    def __init__(
        self,
        encoder: Any,
        *,
        pool: str | None = None,
        normalize: bool = False,
        batch_size: int | None = None,
        progress: bool | None = None,
    ) -> None:
        self.encoder, self.pool, self.normalize = encoder, pool, normalize
        self.batch_size, self.progress = batch_size, progress

    def fit(self, X: Iterable[Text], y: Any = None) -> Self:  # noqa: N803
        """Read the encoder and look at the settings; learn, if the encoder has yet to.

        Args:
            X: Texts: strings, or lists of tokens. No label is looked at.
            y: There for scikit-learn.

        Raises:
            ArgumentTypeError: One string, or a table, instead of a list; a text that is none.
            ArgumentError: A setting that the encoder does not have.
            InlayError: The encoder cannot be read.
        """
        encoder = as_encoder(self.encoder)
        self._check(encoder)
        texts = _texts(X)
        self.encoder_ = learned_on(encoder, texts)
        self.n_features_out_ = int(self.encoder_.dim)
        return self

    def transform(self, X: Iterable[Text]) -> Any:  # noqa: N803
        """A vector for each text.

        Returns:
            float32 `(n, dim)`, in order; or what `set_output` says.

        Raises:
            NotFittedError: Before `fit`, of an encoder that has yet to learn.
            ArgumentTypeError: As of `fit`.
        """
        texts = _texts(X)
        if not self.__sklearn_is_fitted__():
            self._need_no_fit()
        return self._as_output(self._encoded(texts), self.get_feature_names_out(), X)

    def fit_transform(self, X: Iterable[Text], y: Any = None, **_: Any) -> Any:  # noqa: N803
        """`fit` and `transform` on the same texts."""
        texts = _texts(X)
        found = self.fit(texts, y)._encoded(texts)
        return self._as_output(found, self.get_feature_names_out(), X)

    def _need_no_fit(self) -> None:
        """Be fitted without texts, as whatever has nothing to learn can be."""
        encoder = as_encoder(self.encoder)
        if must_learn(encoder):
            got = "one whose encoder has yet to learn of texts"
            raise NotFittedError("transform", expected="a fitted one", got=got, hint="fit(X)")
        self.fit([])

    def _encoded(self, texts: list[Text]) -> Array:
        return encoded(
            self.encoder_,
            texts,
            pool=self.pool,
            normalize=self.normalize,
            batch_size=self.batch_size,
            progress=self.progress,
        )

    def _check(self, encoder: Any) -> None:
        """Refuse settings that cannot be, or that the encoder does not have."""
        flag("normalize", self.normalize)
        flag_or_none("progress", self.progress)
        whole_or_none("batch_size", self.batch_size)
        ours = isinstance(encoder, TextEncoder)
        if self.pool is not None:
            choice("pool", self.pool, encoder.pools if ours else (None,))
        if self.batch_size is not None and not ours:
            expected = "None for an encoder of your own, which batches texts itself"
            raise ArgumentError("batch_size", expected=expected, got=str(self.batch_size))

    # -- scikit-learn's conventions --------------------------------------------------------------

    def get_feature_names_out(self, input_features: Any = None) -> Array:
        """Names of the numbers of a vector: `vectorizer0`, `vectorizer1` and so on.

        Args:
            input_features: There for scikit-learn; a text has no features of its own.

        Raises:
            NotFittedError: Before `fit`.
        """
        if not self.__sklearn_is_fitted__():
            got = "one that is not fitted yet"
            raise NotFittedError("names", expected="a fitted one", got=got, hint="fit(X)")
        names = [f"{type(self).__name__.lower()}{i}" for i in range(self.n_features_out_)]
        return np.asarray(names, object)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "encoder_")

    def __sklearn_tags__(self) -> Any:
        utils = require("sklearn.utils", extra="demo", need="scikit-learn's tags")
        return utils.Tags(
            estimator_type="transformer",
            target_tags=utils.TargetTags(required=False),
            transformer_tags=utils.TransformerTags(preserves_dtype=[]),
            input_tags=utils.InputTags(two_d_array=False, string=True),
            requires_fit=False,
        )


def _texts(texts: Any) -> list[Text]:
    return list(every_text("X", texts, hint="leave out missing texts"))
