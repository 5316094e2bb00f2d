"""What predicts words from the vector of a text, as arrays that the kernels take."""

import copy
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from inlay.aliases import Array
from inlay.checks import choice, flag, number, whole
from inlay.errors import ArgumentError

Architecture = Literal["dbow", "dm"]
ARCHITECTURES = ("dbow", "dm")
# The most that the step sizes of all pairs of a vector in a block may add up to: beyond it vectors
# grow without bound.
LOAD = 2.75
# What nobody means to ask for, and what would not fit into any memory.
MOST = {"vector_size": 1 << 16, "window": 1000, "negative": 10_000, "epochs": 1 << 20}
OTHER = np.uint64(0x5DEECE66D)  # so that the pool is not drawn as the piece is thinned out


@dataclass(frozen=True)
class Design:
    """What a network is, and how it was trained, as far as reading a new text depends on it."""

    architecture: Architecture
    words: bool
    concatenate: bool
    vector_size: int
    window: int
    negative: int
    sample: float
    ns_exponent: float
    epochs: int
    alpha: float
    min_alpha: float

    def __post_init__(self) -> None:
        alpha = number("alpha", self.alpha, above=0)
        plain: dict[str, Any] = {
            "architecture": choice("architecture", self.architecture, ARCHITECTURES),
            "words": flag("words", self.words),
            "concatenate": flag("concatenate", self.concatenate),
            "sample": number("sample", self.sample, least=0, below=1),
            "ns_exponent": number("ns_exponent", self.ns_exponent, least=-2, most=2),
            "alpha": alpha,
            "min_alpha": number("min_alpha", self.min_alpha, least=0, most=alpha),
        }
        plain |= {name: whole(name, getattr(self, name), most=most) for name, most in MOST.items()}
        for name, value in plain.items():  # as JSON knows them; they came as numpy's, perhaps
            object.__setattr__(self, name, value)
        if self.words and self.architecture == "dm":
            raise ArgumentError(
                "words",
                expected="False with 'dm', which learns vectors of words in any case",
                got="True",
                hint="leave it out",
            )
        if self.concatenate and self.architecture == "dbow":
            raise ArgumentError(
                "concatenate",
                expected="False with 'dbow'",
                got="True",
                hint="architecture='dm'",
            )
        if alpha * (1 + self.negative) >= LOAD:
            raise ArgumentError(
                "alpha",
                expected=f"below {LOAD / (1 + self.negative):.2g} for {self.negative} noise words, "
                "or vectors grow without bound",
                got=str(alpha),
                hint="a lower alpha; 0.025 and 0.05 are usual",
            )

    @property
    def slots(self) -> int:
        """How many vectors stand side by side to predict a word."""
        return 1 + 2 * self.window if self.concatenate else 1

    @property
    def reads_words(self) -> bool:
        """Whether vectors of words help to predict."""
        return self.architecture == "dm"

    @property
    def n_noise(self) -> int:
        """Noise words that a block of eight words shares, or, with `"dm"`, every two words."""
        # The vector of a text is set against all of a block: on IMDB it takes two for each word,
        # and four with "dm", to be as good as gensim's, which draws `negative` for each word.
        if self.architecture == "dbow":
            return max(16, 4 * -(-self.negative // 2))
        return 4 * -(-self.negative // 4)

    @property
    def n_noise_new(self) -> int:
        """The same while a new text is read: half of them do, as only its own vector is moved."""
        return 4 * -(-self.n_noise // 8)

    @property
    def name(self) -> str:
        """What the papers call it."""
        if self.architecture == "dbow":
            kind = "PV-DBOW with words" if self.words else "PV-DBOW"
        else:
            kind = "PV-DM, concatenation" if self.concatenate else "PV-DM, mean"
        return f"{kind}, negative sampling"


class Piece(NamedTuple):
    """Texts to learn from.

    Attributes:
        ids: int32, -1 at the end of each text.
        states: uint64, as of `inlay.kernels.paragraph.bag`.
        rates: float32, one for each time.
        text: The number of the first text.
    """

    ids: Array
    states: Array
    rates: Array
    text: int = 0


class Chances:
    """What is left to chance in a network: the noise words, and which words are kept.

    Args:
        design: What the network is.
        counts: How often each word came.
    """

    def __init__(self, design: Design, counts: Array) -> None:
        from inlay.kernels import sampling

        self.design = design
        chance = counts.astype(np.float64) ** design.ns_exponent
        self.noise = sampling.make_noise(chance)
        self.keep = sampling.keep_thresholds(counts, design.sample)
        often = 1 / design.n_noise + float(chance.max() / chance.sum())
        self._noise_load = design.negative * often

    def draw(self, seed: np.uint64, words: Array) -> None:
        """Fill int32 `words` with noise words."""
        from inlay.kernels import sampling

        sampling.draw_noise(*self.noise, seed ^ OTHER, words, 0, words.size)

    def limit(self, rate: float) -> float:
        """How many pairs of a block may have a vector in common; see `sampling.choose_centres`.

        As of word2vec: a step along a direction of curvature h must stay below 2 / h, and h stays
        below 0.7 for vectors as they are learned. A pair moves its vector by a word and `negative`
        noise words; each word of a block moves a noise vector at a share of `negative`.
        """
        pair, noise = rate * (1 + self.design.negative), rate * self._noise_load
        return float(min(LOAD / max(pair, 1e-9) - 1, LOAD / max(noise, 1e-9), 1e6))


class Network(Chances):
    """The vectors of words that are predicted, and of those that help.

    Args:
        design: What it is.
        counts: How often each word came.
        outputs: float32 `(vocab_size, slots * dim)`; None: zeros, to be learned.
        words: float32 `(vocab_size, dim)`, or one row more, which stands where there is no word.
            None: there are none.
    """

    def __init__(
        self, design: Design, counts: Array, outputs: Array | None, words: Array | None
    ) -> None:
        from inlay.kernels import paragraph, rows

        super().__init__(design, counts)
        dim = design.vector_size
        self.row, self.lanes = rows.row_width(dim), paragraph.lanes_of(dim)
        self.outputs = rows.aligned_zeros(len(counts) * design.slots * self.row)
        if outputs is not None:
            padded = self.outputs.reshape(len(counts), design.slots, self.row)
            padded[..., :dim] = outputs.reshape(len(counts), design.slots, dim)
        self.words = np.zeros(0, np.float32)
        if words is not None:
            self.words = rows.aligned_zeros(len(words) * self.row)
            self.words.reshape(-1, self.row)[:, :dim] = words
        self._even = np.zeros(0, np.uint32)

    def scratch(self, size: int, *, learns: bool = True) -> Any:
        """Work space of one thread, for pieces of so many words; see `learn`."""
        from inlay.kernels import paragraph, paragraph_memory

        design = self.design
        n_noise = design.n_noise if learns else design.n_noise_new
        if design.architecture == "dbow":
            return paragraph.make_scratch(size, n_noise, design.vector_size)
        return paragraph_memory.make_scratch(
            size, design.window, n_noise, design.vector_size, design.slots
        )

    def pool(self, seed: np.uint64, words: Array) -> Any:
        """Noise words to draw from, evenly: `words` is filled with them.

        In expectation that is the same. Rows that are drawn again and again stay near, though, and
        so does the table of what is drawn: a quarter of the time of `"dm"` is saved.
        """
        from inlay.kernels import sampling

        self.draw(seed, words)
        even = self._even
        if even.size != words.size:
            even = self._even = np.zeros(words.size, np.uint32)
        return sampling.Noise(even, words)

    def on(self, **changed: Any) -> "Network":
        """The same with other vectors or noise words, which it learns on; nothing is copied."""
        other = copy.copy(self)
        vars(other).update(changed)
        return other

    def learn(
        self, piece: Piece, documents: Array, tags: Any, scratch: Any, *, learns: bool
    ) -> tuple[int, float, int]:
        """Change the vectors of texts, and those of words if it `learns`; see `paragraph.bag`.

        Only PV-DM by vectors side by side may not: see `reading` for the new texts of the others.
        """
        from inlay.kernels import paragraph, paragraph_join, paragraph_mean

        design = self.design
        kernel = paragraph.bag
        if design.architecture == "dm":
            kernel = paragraph_join.join if design.concatenate else paragraph_mean.mean
        limit = self.limit(float(piece.rates[0]))
        share = np.float32(design.negative / (design.n_noise if learns else design.n_noise_new))
        step = paragraph.Step(
            *(piece.rates, design.window, max(1, min(8, int(limit))), share),
            *(np.float32(limit), piece.text, learns),
        )
        model = paragraph.Model(documents, self.words, self.outputs)
        found: tuple[int, float, int] = kernel(
            *(piece.ids, self.keep, tags, model, self.noise, scratch),
            *(piece.states, step, self.lanes),
        )
        return found
