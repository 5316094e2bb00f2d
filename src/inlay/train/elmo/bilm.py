"""Train an ELMo of one's own: a language model in each direction over words as characters."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from inlay.bytes.encodings import Encoding
from inlay.calls import refuses_unknown
from inlay.checks import flag, number
from inlay.jobs.stop import on_stop
from inlay.jobs.threads import available_workers
from inlay.optional import look_for
from inlay.paths import path_to_read
from inlay.text.corpus import CorpusLike
from inlay.tokenizers import TokenizerLike, check_tokenizer
from inlay.train.elmo.bilm_settings import BilmSettings
from inlay.train.elmo.folder import check
from inlay.train.elmo.resume import left

if TYPE_CHECKING:
    from inlay.encode.elmo.encoder import Elmo

PACKAGES = {"torch": "torch", "h5py": "elmo"}  # and the extras that bring them
FILTERS = ((1, 32), (2, 32), (3, 64), (4, 128))


@refuses_unknown()
def bilm(
    corpus: CorpusLike,
    folder: str | os.PathLike[str],
    *,
    dim: int = 512,
    projection_dim: int = 128,
    n_layers: int = 2,
    char_dim: int = 16,
    filters: Sequence[tuple[int, int]] = FILTERS,
    n_highway: int = 1,
    max_size: int | None = 20_000,
    min_count: int = 3,
    softmax: Literal["sampled", "full"] = "sampled",
    n_samples: int | None = None,
    unroll_steps: int = 20,
    batch_size: int = 64,
    epochs: float = 1,
    learning_rate: float = 0.006,
    dropout: float = 0.0,
    clip_norm: float = 0.5,
    held_out: float = 0.01,
    tokenizer: TokenizerLike | None = None,
    encoding: str = "utf-8",
    workers: int | None = None,
    device: str | None = None,
    seed: int = 0,
    checkpoint_every: float = 60,
    resume: bool = True,
    keep_softmax: bool = False,
    progress: bool | None = None,
) -> "Elmo":
    """Learn an ELMo from text: a biLM, which predicts each word from those before, and after it.

    Words are read as characters, so that the result has a vector for any word. What is predicted
    is one of the frequent words of the corpus. The result does not depend on `workers`, and a
    training that was stopped and goes on ends as one that was not. Another `device` rounds
    differently.

    Args:
        corpus: The path of a text file, packed or not, with a text on each line; or an
            iterable of texts, or of lists of tokens. To go on after a stop, give the same again.
        folder: The folder to make. If the same training has ended there, its result is loaded
            and nothing is trained.
        dim: Cells of each LSTM. The published models have 4096, or 1024 for the small one.
        projection_dim: Numbers in a projected state. The vectors of a token have twice as many.
            The published models have 512, or 128 for the small one.
        n_layers: LSTM layers in each direction.
        char_dim: Numbers in the vector of a character.
        filters: Pairs of a width and a number of maps, one for each kind of convolution over
            characters.
        n_highway: Highway layers above the convolutions.
        max_size: How many words are predicted at most: the most frequent ones. None: no limit.
            All words are read.
        min_count: How often a word must occur to be predicted.
        softmax: "sampled" predicts among about `n_samples` words, drawn anew for each step with
            a preference for frequent ones; "full" predicts among all words.
        n_samples: About how many words a sampled softmax draws; None: 1024. Where that is more
            than half of the words, all are taken, and the report says so.
        unroll_steps: Through how many words in a row a gradient flows back.
        batch_size: How many rows of text stand side by side at most. A small corpus has fewer.
        epochs: Passes over the corpus. It may be a fraction.
        learning_rate: The peak learning rate of Adam, which rises to it over the first steps
            and then decays linearly to 0.
        dropout: The share of numbers that is set to zero between layers. 0.1 and more help
            where a small corpus is read many times.
        clip_norm: The largest norm of a gradient. Larger ones are scaled down to it.
        held_out: The share of the words whose texts are not trained on, so that perplexity can
            be measured on them, each text by itself; at most about 20,000 words. 0 holds out
            none.
        tokenizer: How texts become tokens: a name such as "words" (None is the same), "lower",
            "split", "jieba", "kiwi" or "auto", or a callable; see
            `inlay.tokenizers.get_tokenizer`. The encoder tokenizes the same way; trained on
            lists of tokens alone without a name, it splits strings into "words".
        encoding: The encoding of a file, such as "cp949" for Korean.
        workers: How many threads work on a processor. More than two have work if `batch_size`
            is above 64. None: one for each processor.
        device: Where to train, as torch names it: "cpu", "cuda", "cuda:1". None: on a GPU if
            torch has one, else on the processor. Only on a processor are two runs the same to the
            last bit; a GPU adds up in no fixed order.
        seed: The seed of all that is left to chance.
        checkpoint_every: Seconds between two checkpoints, which are written into the folder.
        resume: Whether to go on from a checkpoint in the folder, if there is one. False starts
            anew, and replaces an earlier result in the folder at the end.
        keep_softmax: Whether to write the softmax too, as `softmax.safetensors`.
        progress: Whether to show a bar with words a second, perplexity and the time left. None:
            on a terminal.

    Returns:
        The encoder, as `inlay.load_encoder(folder)` gives it. Its `provenance` is what
        `training.json` holds: settings, sizes, seconds, `words_read` (ends of texts among them),
        `perplexity` (forward, backward and mean, by the full softmax on what was held out, and
        that of word counts alone, `unigram`) and its history. The folder holds `options.json` and
        `weights.hdf5` in the official format, which the original programs read too, and
        `vocab.txt`. Memory: three times the weights and the softmax, 100 bytes for each distinct
        word, and `50 * unroll_steps * batch_size * dim * n_layers` bytes; the corpus goes to a
        temporary file of 4 bytes a word.

    Raises:
        ArgumentTypeError: A setting is of a type that cannot be used.
        ArgumentError: A setting that cannot be, an empty corpus, no word that is frequent enough,
            a folder with other things in it or another training, or a loss that grows beyond
            all bounds.
        FormatError: The corpus is not text in this encoding, or a checkpoint is damaged.
        MissingPackageError: torch or h5py is not installed.

    Examples:
        >>> from tempfile import TemporaryDirectory
        >>> texts = ["the cat sat on the mat", "the dog sat on the rug"] * 20
        >>> with TemporaryDirectory() as folder:
        ...     elmo = bilm(texts, folder, dim=16, projection_dim=8, min_count=1)
        >>> elmo.encode(["a cat"]).shape, elmo.provenance["vocab_size"]
        ((1, 16), 10)

    Source: Peters et al. 2018, "Deep contextualized word representations"; Jozefowicz et al. 2016,
    "Exploring the Limits of Language Modeling"; https://github.com/allenai/bilm-tf, from which it
    differs: Adam, not Adagrad; of the texts in a row every other starts from state zero.
    """
    settings = BilmSettings(
        dim=dim,
        projection_dim=projection_dim,
        n_layers=n_layers,
        char_dim=char_dim,
        filters=filters,  # type: ignore[arg-type]  # made pairs there
        n_highway=n_highway,
        max_size=max_size,
        min_count=min_count,
        softmax=softmax,
        n_samples=n_samples,
        unroll_steps=unroll_steps,
        batch_size=batch_size,
        epochs=epochs,
        learning_rate=learning_rate,
        dropout=dropout,
        clip_norm=clip_norm,
        held_out=held_out,
        seed=seed,
    )
    threads = available_workers(workers)
    seconds = number("checkpoint_every", checkpoint_every, least=0)
    resume, keep_softmax = flag("resume", resume), flag("keep_softmax", keep_softmax)
    target = path_to_read("folder", folder)
    check(target)
    check_tokenizer(tokenizer)
    Encoding.of_lines(encoding, corpus)
    look_for(PACKAGES, need="training an ELMo")
    from inlay.encode.elmo.encoder import Elmo
    from inlay.train.elmo.torch_job import Training, train
    from inlay.train.elmo.torch_trainer import device_for

    job = Training(
        folder=target,
        tokenizer=tokenizer,
        encoding=encoding,
        workers=threads,
        device=device_for(device),
        checkpoint_every=seconds,
        resume=resume,
        keep_softmax=keep_softmax,
        progress=progress,
    )
    with on_stop(lambda: left(target)):
        used = train(corpus, settings, job)
        return Elmo.load(target, tokenizer=tokenizer if callable(tokenizer) else used)
