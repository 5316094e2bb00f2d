"""ELMo as a Keras layer, on any backend. Importing this registers the layer for loading."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Self

from inlay.aliases import Array
from inlay.core import Vocabulary
from inlay.encode.elmo.keras_bilm import BiLM, to_the_left
from inlay.encode.elmo.keras_input import (
    TokenMask,
    check_split,
    checked,
    in_rows,
    rows_in,
    words_and_none,
)
from inlay.encode.elmo.keras_mix import ScalarMix, layer_norm, mean_over_tokens
from inlay.encode.elmo.keras_states import RowStates
from inlay.encode.elmo.keras_words import TABLE, CachedWords, CharacterWords, word_table
from inlay.encode.elmo.layer_settings import LayerSettings, words_to_cache
from inlay.encode.elmo.options import Options
from inlay.encode.elmo.weights import Weights
from inlay.encode.mix import Mix
from inlay.errors import ArgumentError
from inlay.hosts.keras import keras, ops
from inlay.hosts.keras_numbers import Numbers

UNSAID = LayerSettings()


@keras.saving.register_keras_serializable("inlay", "ElmoLayer")
class ElmoLayer(keras.layers.Layer):  # type: ignore[misc]  # optional, so untyped here
    """ELMo: made by `from_weights`; the constructor makes one whose numbers are NaN until loaded.

    It reads int `(batch, tokens, 50)` of `batch_to_ids`, 0 where there is no token; or, made with
    `vocab_to_cache`, word ids `(batch, tokens)`; or, on TensorFlow, strings: `(batch, tokens)`
    words, "" for none, or `(batch,)` or `(batch, 1)` texts, split at spaces as the hub's module
    did, if that is how the encoder splits. Tokens may lie anywhere in a row: padding on either
    side changes nothing. More than one dimension may stand before the tokens of `batch_to_ids`,
    as in `(batch, sentences, tokens, 50)`; they stand before all results too.

    It returns what `output_key` says, by the names of the hub's module:
        "default": `(batch, 2P)`, the mean of "elmo" over real tokens; 0 for a text without any.
        "elmo": `(batch, tokens, 2P)`, the mix of all layers; of several representations a list.
        "word_emb": `(batch, tokens, P)`, the vectors that words have alone.
        "lstm_outputs1" and so on: `(batch, tokens, 2P)`, one layer of the LSTMs.
        "all": a dict of all these and "mask", bool `(batch, tokens)`.
    Each is 0 where there is no token. All but the first carry the mask for the layers behind.
    With `keep_sentence_boundaries` they are `tokens + 2` wide, `<S>`, words and `</S>` at the
    left; the mean is still of words alone, and of the first mix.

    With `stateful` the layer holds a state for each row of the batch it was built for. A smaller
    batch uses and moves the first rows; a larger one is an error. `reset_states` starts again.

    Ids out of range are an error in eager calls (with torch, always). In compiled models too
    large ids end in an error of TensorFlow's or in NaN on JAX, and negative ones count from the
    end of the table.

    Equal words of a batch are computed once, but on JAX.

    Args:
        options: What `options.json` says.
        settings: Of `LayerSettings`.
        output_key: What is returned.
        n_cached: Words of `vocab_to_cache`; None: the layer reads characters.
        no_token_ids: Ids of these that stand for no token.
        pad_token: A word that stands for no token, wherever it is.
        max_length: Tokens to read of a text that comes as strings.
        tokenizer: The name of the encoder's; a graph knows "split" alone.
        **kwargs: `name`, `dtype` and `trainable` of any Keras layer; this `trainable` is Keras'
            own switch: False freezes all, True trains what `settings` say.

    Source: Peters et al. 2018, Deep contextualized word representations.
    """

    def __init__(
        self,
        options: dict[str, Any],
        settings: dict[str, Any],
        *,
        output_key: str = "default",
        n_cached: int | None = None,
        no_token_ids: Sequence[int] = (0,),
        pad_token: str | None = None,
        max_length: int | None = None,
        tokenizer: str | None = "split",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.tokenizer = tokenizer
        self.options = Options.from_dict(options)
        self.settings = LayerSettings(**settings)
        self.output_key, self.n_cached, self.max_length = output_key, n_cached, max_length
        self.no_token_ids, self.pad_token = tuple(no_token_ids), pad_token
        self.supports_masking = True
        # XLA has no strings, and compiles anew for each length of text, for seconds.
        self.supports_jit = keras.backend.backend() != "tensorflow"
        self._masker = TokenMask(
            no_token_ids=None if n_cached is None else self.no_token_ids,
            pad_token=pad_token,
            word_length=self.options.word_length,
            max_length=max_length,
            with_marks=self.settings.keep_sentence_boundaries,
            name=f"{self.name}_mask",
        )
        self._dropout = keras.layers.Dropout(self.settings.dropout, dtype=self.dtype_policy)
        learned, fixed = self.settings.trainable, self.settings.scalar_mix_parameters
        never = ["scalars"] * (fixed is not None or not learned) + ["gamma"] * (not learned)
        part = {"learns": learned == "all", "dtype": self.dtype_policy}
        self._mixes = [
            ScalarMix(fixed, fixed=never, dtype=self.dtype_policy, name=f"mix_{k}")
            for k in range(self.settings.num_output_representations)
        ]
        self._words = (
            CharacterWords(self.options, max_length=max_length, **part)
            if n_cached is None
            else CachedWords(self.options, n_cached=n_cached, **part)
        )
        self._bilm = BiLM(self.options, **part)
        self._states = (
            RowStates(self.options, f"layer {self.name!r}", dtype=self.dtype_policy)
            if self.settings.stateful
            else None
        )
        if output_key not in (names := [*self._widths(), "all"]):
            raise ArgumentError("output_key", expected=" or ".join(names), got=repr(output_key))

    @classmethod
    def from_weights(
        cls,
        options: Options,
        weights: Weights,
        settings: LayerSettings = UNSAID,
        *,
        output_key: str = "default",
        mix: Mix | None = None,
        vocab_to_cache: Sequence[str] | Vocabulary | None = None,
        pad_token: str | None = None,
        max_length: int | None = None,
        tokenizer: str | None = "split",
        name: str | None = None,
        dtype: Any = None,
    ) -> Self:
        """Make the layer of an ELMo. Allocates the weights once more.

        Args:
            options: Its shape.
            weights: Its numbers, which are copied.
            settings: What kind of layer it is to be.
            output_key: What is returned; see the class.
            mix: What each mix begins with, unless `scalar_mix_parameters` fix it; None: evenly.
            vocab_to_cache: Words whose vectors are computed now and looked up from then on; the
                layer then reads ids of these words, and has no convolutions. A list's ids are
                its positions, and 0 is no token, as in AllenNLP; a Vocabulary, a Table and a dict
                of token to id have their own.
            pad_token: A word that stands for no token, for example "--PAD--".
            max_length: Tokens to read of a text that comes as strings.
            tokenizer: The name of the encoder's tokenizer; None: it has none.
            name: The layer's name.
            dtype: A dtype or a policy, as of any Keras layer.

        Raises:
            ArgumentError: A value that cannot be, or `trainable="all"` with `vocab_to_cache`.
        """
        settings.check_layers(options.n_layers + 1)
        if vocab_to_cache is not None:
            settings.check_cached()
        words, none = words_and_none(words_to_cache(vocab_to_cache), pad_token)
        layer = cls(
            options.to_dict(),
            asdict(settings),
            output_key=output_key,
            n_cached=None if words is None else len(words),
            no_token_ids=none,
            pad_token=pad_token,
            max_length=max_length,
            tokenizer=tokenizer,
            trainable=settings.trainable is not False,
            name=name,
            dtype=dtype,
        )
        arrays = weights.named()
        if words is not None:
            arrays[TABLE] = word_table(options, arrays, words)
        layer._make_variables(arrays)
        if mix is not None and settings.scalar_mix_parameters is None:
            for part in layer._mixes:
                part.scalars.assign(mix.scalars)
                part.gamma.assign(mix.gamma)
        if not settings.stateful:
            layer.build((None, None))
        return layer

    def to_weights(self) -> Weights:
        """The numbers of the network as they are now, to be saved in the official format.

        Raises:
            ArgumentError: The layer was made with `vocab_to_cache` and has no convolutions.
        """
        where = f"layer {self.name!r}"
        if self.n_cached is not None:
            raise ArgumentError(where, expected="all of the network", got="one with cached words")
        return Weights.take(self._words.arrays() | self._bilm.arrays(), self.options, where)

    def build(self, input_shape: Any) -> None:
        """Make what is not there yet; the size of the batch matters to a stateful layer alone."""
        if not self._bilm.built:
            self._make_variables({})
        before = rows_in(input_shape)
        for part in (self._masker, self._dropout, self._states):
            if part is not None and not part.built:  # else Keras runs a batch to build it
                part.build((before, *input_shape[-1:]))
        self.built = True

    def _make_variables(self, start: dict[str, Array]) -> None:
        """Make all but states; NaN where there is nothing to start from."""
        for mix in self._mixes:
            mix.build((None, self.options.n_layers + 1))
        for part in (self._words, self._bilm):
            part.make(start)

    def reset_states(self) -> None:
        """Let every row of a stateful layer start from zero again."""
        if self._states is not None:
            self._states.reset()

    # -- the call ------------------------------------------------------------------------------

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Check ids that are there already; then as any layer."""
        # Here and not in `call`, for Keras casts numpy ids to 32 bits in between.
        where, options = f"layer {self.name!r}", self.options
        inputs = checked(where, inputs, word_length=options.word_length, n_cached=self.n_cached)
        check_split(where, inputs, self.tokenizer)
        return super().__call__(inputs, *args, **kwargs)

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Run the network; see the class for inputs and outputs."""
        given = inputs
        inputs, before = in_rows(inputs)
        mask = self._masker.of_tokens(inputs)
        rows, index = self._words.look_up(inputs)
        index = ops.pad(index + 2, ((0, 0), (1, 0)), constant_values=0)  # <S>
        index = ops.pad(index, ((0, 0), (0, 1)), constant_values=1)  # </S>
        inside = ops.pad(ops.cast(mask, "int32"), ((0, 0), (1, 1)), constant_values=1) > 0
        states = () if self._states is None else self._states.read(mask)
        layers, ends = self._bilm.layers_of((rows, index), inside, states)
        if self._states is not None:
            self._states.write(ends)
        keep = self.settings.keep_sentence_boundaries
        normed = layers
        if self.settings.do_layer_norm:
            normed = [layer_norm(layer, inside) for layer in layers]
        mixes = [self._dropout(mix.mix(normed), training=training) for mix in self._mixes]

        def back(tensor: Any) -> Any:
            return ops.reshape(tensor, (*before, *ops.shape(tensor)[1:])) if before else tensor

        def cut(tensor: Any) -> Any:
            return back(to_the_left(tensor, inside) if keep else tensor[:, 1:-1])

        outputs = {
            "default": back(mean_over_tokens(mixes[0][:, 1:-1], mask)),
            "elmo": [cut(mix) for mix in mixes] if len(mixes) > 1 else cut(mixes[0]),
            "word_emb": cut(layers[0][..., : self.options.projection_dim]),
            "mask": self._masker(given),
        } | {f"lstm_outputs{k}": cut(layer) for k, layer in enumerate(layers[1:], 1)}
        return outputs if self.output_key == "all" else outputs[self.output_key]

    # -- shapes, masks, saving -----------------------------------------------------------------

    def _widths(self) -> dict[str, int]:
        width = self.options.projection_dim
        lstms = {f"lstm_outputs{k + 1}": 2 * width for k in range(self.options.n_layers)}
        return {"default": 2 * width, "elmo": 2 * width, "word_emb": width} | lstms

    def compute_output_spec(self, inputs: Any, training: bool | None = None) -> Any:
        """Shapes without a run; the number of tokens is None where only the data know it."""
        mask = self._masker.compute_output_spec(inputs)
        outputs: dict[str, Any] = {"mask": mask}
        for name, width in self._widths().items():
            shape = (*(mask.shape[:-1] if name == "default" else mask.shape), width)
            outputs[name] = keras.KerasTensor(shape, dtype=self.compute_dtype)
        if (n := self.settings.num_output_representations) > 1:
            elmo = outputs["elmo"]
            outputs["elmo"] = [keras.KerasTensor(elmo.shape, dtype=elmo.dtype) for _ in range(n)]
        return outputs if self.output_key == "all" else outputs[self.output_key]

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """The mask of each output that has tokens, in the structure of the outputs."""
        if self.output_key == "default":
            return None
        mask = self._masker(inputs)
        n = self.settings.num_output_representations
        masks = dict.fromkeys(self._widths(), mask) | {"default": None, "mask": None}
        masks["elmo"] = [mask] * n if n > 1 else mask
        return masks if self.output_key == "all" else masks[self.output_key]

    def get_config(self) -> dict[str, Any]:
        """The layer without its numbers; JSON of under a thousand bytes."""
        config: dict[str, Any] = super().get_config()
        names = ("output_key", "n_cached", "no_token_ids", "pad_token", "max_length", "tokenizer")
        own = {"options": self.options.to_dict(), "settings": asdict(self.settings)}
        own |= {name: getattr(self, name) for name in names}
        return config | own | {"numbers": Numbers(self)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Build the layer again: with its numbers in this process, NaN until loaded in another."""
        settings = dict(config)
        numbers = settings.pop("numbers", None)
        layer = cls(**settings)
        if isinstance(numbers, Numbers) and numbers.layer._bilm.built:
            layer._make_variables({})
            if numbers.layer.built:
                states = numbers.layer._states
                layer.build((None if states is None else states.rows,))
            layer.set_weights(numbers.layer.get_weights())
        return layer
