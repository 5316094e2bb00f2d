"""Train an ELMo of one's own: a language model in each direction over words as characters."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from inlay.core.tokenizer import Tokenizer, get_tokenizer
from inlay.errors import ArgumentError
from inlay.jobs.threads import available_workers
from inlay.optional import require
from inlay.text.corpus import Source
from inlay.train.elmo.settings import Settings

FILTERS = ((1, 32), (2, 32), (3, 64), (4, 128))


def bilm(
    corpus: Source,
    output: str | os.PathLike[str],
    *,
    dim: int = 512,
    projection_dim: int = 128,
    n_layers: int = 2,
    char_dim: int = 16,
    filters: Sequence[tuple[int, int]] = FILTERS,
    n_highway: int = 1,
    vocab_size: int = 20_000,
    min_count: int = 3,
    softmax: Literal["sampled", "full"] = "sampled",
    n_samples: int = 1024,
    unroll_steps: int = 20,
    batch_size: int = 64,
    epochs: float = 1,
    learning_rate: float = 0.006,
    dropout: float = 0.0,
    clip_norm: float = 0.5,
    held_out: float = 0.01,
    tokenizer: str | Tokenizer = "words",
    workers: int | None = None,
    seed: int = 0,
    checkpoint_every: float = 60,
    resume: bool = True,
    keep_softmax: bool = False,
    progress: bool | None = None,
) -> dict[str, Any]:
    """Learn an ELMo from text: a biLM, which predicts each word from those before, and after it.

    Words are read as characters, so that the result has a vector for any word. What is predicted
    is one of the frequent words of the corpus. The result does not depend on `workers`, and a
    training that was stopped and goes on ends as one that was not.

    Args:
        corpus: Path of a UTF-8 text file, a text on each line, packed or not; or an iterable of
            texts, or of lists of tokens. To go on after a stop, the same again.
        output: Folder to make. If the same training has ended there, its report is returned and
            nothing done.
        dim: Cells of each LSTM. The published models have 4096 (or 1024, "small").
        projection_dim: Numbers in a projected state; a token's vectors have twice as many.
            Published: 512 (128).
        n_layers: LSTM layers in each direction.
        char_dim: Numbers in a character's vector.
        filters: Width and number of each kind of convolution over characters.
        n_highway: Highway layers above them.
        vocab_size: Words that are predicted, at most, the most frequent.
        min_count: Words seen less often are not predicted; all are read.
        softmax: "sampled": among about `n_samples` words, drawn anew for each step with a
            preference for frequent ones. "full": among all.
        n_samples: See there.
        unroll_steps: Words in a row through which a gradient flows back.
        batch_size: Rows of text side by side, at most: fewer for a small corpus.
        epochs: Passes over the corpus; may be a fraction.
        learning_rate: Of Adam; it falls evenly to 0.
        dropout: Share of numbers set to zero between layers: 0.1 and more help where a small
            corpus is read many times.
        clip_norm: Longest gradient.
        held_out: Share of the words whose texts are not trained on, to measure perplexity, each
            text by itself: at most about 20,000. 0: none.
        tokenizer: How texts become tokens: "words", "lower", "split" or a callable. Tokenise
            the same way when you encode.
        workers: Threads; more than two have work if `batch_size` is above 64. None: one for each
            processor.
        seed: Of all that is left to chance.
        checkpoint_every: Seconds between two checkpoints, in the folder.
        resume: Go on from a checkpoint in the folder, if there is one. False: start anew; an
            earlier result in the folder is replaced at the end.
        keep_softmax: Write the softmax too: `softmax.safetensors`.
        progress: Show a bar with words a second, perplexity and the time left. None: on a
            terminal.

    Returns:
        What `training.json` holds: settings, sizes, seconds, `words_read` (ends of texts
        among them), `perplexity` (forward, backward and mean, by the full softmax on what was
        held out, and that of word counts alone, `unigram`) and its history. The folder holds
        `options.json` and `weights.hdf5` in the official format, for `inlay.load_encoder` and the
        original programs, and `vocab.txt`.
        Memory: three times the weights and the softmax, 100 bytes for each distinct word, and
        `50 * unroll_steps * batch_size * dim * n_layers` bytes; the corpus goes to a temporary
        file of 4 bytes a word.

    Raises:
        ArgumentError: A setting that cannot be, an empty corpus, no word that is frequent enough,
            a folder with other things in it or another training, or a loss that grows beyond
            all bounds.
        FormatError: A corpus that is not UTF-8 text, or a damaged checkpoint.
        MissingPackageError: torch or h5py is not installed.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> texts = ["the cat sat on the mat", "the dog sat on the rug"] * 20
        >>> with TemporaryDirectory() as folder:
        ...     report = bilm(texts, folder, dim=16, projection_dim=8, min_count=1)
        >>> report["vocab_size"], report["settings"]["dim"]
        (10, 16)

    Source: Peters et al. 2018, "Deep contextualized word representations"; Jozefowicz et al. 2016,
    "Exploring the Limits of Language Modeling"; https://github.com/allenai/bilm-tf, from which it
    differs: Adam, not Adagrad; of the texts in a row every other starts from state zero.
    """
    settings = Settings(
        dim=dim,
        projection_dim=projection_dim,
        n_layers=n_layers,
        char_dim=char_dim,
        filters=filters,  # type: ignore[arg-type]  # made pairs there
        n_highway=n_highway,
        vocab_size=vocab_size,
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
    try:
        late = checkpoint_every >= 0
    except TypeError:
        late = False
    if not late:
        raise ArgumentError(
            "checkpoint_every", expected="seconds, 0 or more", got=repr(checkpoint_every)
        )
    get_tokenizer(tokenizer)
    for module, extra in (("torch", "torch"), ("h5py", "elmo")):
        require(module, extra=extra, need="training an ELMo")
    from inlay.train.elmo.torch_train import Run, train

    run = Run(Path(output), tokenizer, threads, checkpoint_every, resume, keep_softmax, progress)
    return train(corpus, settings, run)
