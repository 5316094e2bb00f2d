"""From a corpus to the folder of an ELMo: read, train with checkpoints, measure, write."""

import hashlib
import math
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from inlay.aliases import Array
from inlay.errors import ArgumentError
from inlay.jobs.progress import progress as show_progress
from inlay.text import Corpus, encode_corpus
from inlay.text.corpus import CorpusLike
from inlay.tokenizers import TokenizerLike
from inlay.train.elmo import folder, resume
from inlay.train.elmo.measure import unigram
from inlay.train.elmo.stream import Stream, Texts, Words
from inlay.train.elmo.torch_trainer import Trainer, TrainerSettings, threads
from inlay.version import __version__

if TYPE_CHECKING:
    from inlay.train.elmo.bilm_settings import BilmSettings


HELD_WORDS = 20_000  # enough for a perplexity within 2 %, and measured in seconds
STRETCHES = 100  # of a training, for its history
MOST = 50.0  # nats a word: a guess among all words there are takes less than 20


@dataclass(frozen=True)
class Training:
    """How and where a training is run; only the rounding of a device changes the result.

    The names are those of `inlay.train.bilm`; see there.
    """

    folder: Path
    tokenizer: TokenizerLike | None
    encoding: str
    workers: int
    device: torch.device
    checkpoint_every: float
    resume: bool
    keep_softmax: bool
    progress: bool | None


@dataclass(frozen=True)
class Data:
    """A corpus as it is trained on.

    Attributes:
        corpus: All of it.
        n_texts: How many texts it has.
        words: Its words.
        train: What is trained on.
        held: Texts as numbers of words: what is measured on.
    """

    corpus: Corpus
    n_texts: int
    words: Words
    train: Stream
    held: list[Array]

    @classmethod
    def of(cls, corpus: Corpus, settings: "BilmSettings") -> "Data":
        """Number the words, and set texts apart."""
        s = settings
        texts = Texts.of(corpus.ids)
        n_texts = len(texts.begins)
        words = Words.of(corpus, n_texts, min_count=s.min_count, max_size=s.max_size)
        train, held = texts.split(s.held_out, HELD_WORDS, s.seed)
        return cls(
            corpus,
            n_texts,
            words,
            Stream(corpus.ids, train, words, rows=s.batch_size, steps=s.unroll_steps, seed=s.seed),
            [words.number[corpus.ids[at : at + n]] for at, n in zip(*held, strict=True)],
        )

    def digest(self) -> str:
        """The same for the same corpus."""
        digest = hashlib.sha256("\n".join(self.corpus.tokens).encode("utf-8", "surrogatepass"))
        digest.update(self.corpus.ids.data)
        return digest.hexdigest()


def train(source: CorpusLike, settings: "BilmSettings", job: Training) -> str | None:
    """Do what `inlay.train.bilm` says; returns the name of the tokenizer, if it has one."""
    corpus = encode_corpus(
        source,
        min_count=1,
        tokenizer=job.tokenizer,
        encoding=job.encoding,
        workers=job.workers,
        progress=job.progress,
    )
    data = Data.of(corpus, settings)
    about = {**asdict(settings), "tokenizer": corpus.tokenizer, "text": data.digest()}
    job.folder.mkdir(exist_ok=True)
    begun = job.folder / resume.NAME
    if not job.resume:
        begun.unlink(missing_ok=True)
    elif not begun.exists() and folder.is_finished(job.folder, about, softmax=job.keep_softmax):
        return corpus.tokenizer
    steps = max(1, math.ceil(settings.epochs * data.train.pieces))
    how = TrainerSettings(
        learning_rate=settings.learning_rate,
        clip_norm=settings.clip_norm,
        dropout=settings.dropout,
        n_samples=_samples(settings, len(data.words.vocabulary)),
        steps=steps,
        seed=settings.seed,
    )
    with threads(job.workers) as pool:
        trainer = Trainer(settings.options, data.words, how, data.train.rows, pool, job.device)
        position = _steps(trainer, data, how, job, about)
        perplexity = None
        if data.held:
            perplexity = trainer.perplexity(data.held)
            perplexity["unigram"] = unigram(data.words, data.n_texts, data.held)
    weights = trainer.weights()
    report: dict[str, Any] = {
        "settings": asdict(settings),
        **_named(corpus, job),
        "text": about["text"],
        "corpus_words": corpus.words,
        "words_read": position.words,
        "distinct_words": len(corpus.tokens),
        "vocab_size": len(data.words.vocabulary),
        "n_samples": how.n_samples,  # in fact; None: the softmax was a full one
        "parameters": sum(array.size for array in weights.named().values()),
        "steps": steps,
        "seconds": round(position.seconds, 1),
        "perplexity": perplexity,
        "history": position.history,
        "inlay": __version__,
    }
    folder.write(
        job.folder,
        settings.options,
        weights,
        data.words.vocabulary,
        report,
        trainer.softmax() if job.keep_softmax else {},
    )
    return corpus.tokenizer


def _steps(
    trainer: Trainer, data: Data, how: TrainerSettings, job: Training, about: dict[str, Any]
) -> resume.Position:
    """All steps that are left."""
    position = resume.Position()
    if (found := resume.load(job.folder, about)) is not None:
        position, arrays = found
        try:
            trainer.restore(arrays)
        except ValueError as error:
            raise resume.damaged(job.folder, str(error)) from error
    began = saved = time.perf_counter()
    began -= position.seconds
    total = data.train.positions * how.steps // data.train.pieces
    with show_progress(total, unit=" words", desc="training", enabled=job.progress) as bar:
        bar.update(position.words)
        while position.step < how.steps:
            batch = data.train.batch(position.step)
            loss = trainer.step(position.step, batch)
            if not loss < MOST:  # NaN too
                raise ArgumentError(
                    "learning_rate",
                    expected=f"a rate at which the loss stays below {MOST:.0f} nats a word",
                    got=f"{loss:.4g} in step {position.step + 1}, at {how.learning_rate}",
                    hint="a lower learning_rate with resume=False",
                )
            position.add(loss, batch.words, how.steps // STRETCHES + 1)
            bar.update(batch.words)
            bar.note(perplexity=f"{math.exp(position.loss / position.losses):.0f}")
            now = time.perf_counter()
            position.seconds = now - began
            if now - saved >= job.checkpoint_every or position.step == how.steps:
                resume.save(job.folder, position, trainer.state(), about)
                saved = time.perf_counter()
    return position


def _named(corpus: Corpus, job: Training) -> dict[str, str | None]:
    """The tokenizer in the report: None for a function, and nothing for lists of tokens alone."""
    if corpus.tokenizer is None and not callable(job.tokenizer):
        return {}
    return {"tokenizer": corpus.tokenizer}


def _samples(settings: "BilmSettings", vocab_size: int) -> int | None:
    """None for all words: also where a sample would be most of them."""
    n = settings.n_samples
    return n if n is not None and n <= vocab_size // 2 else None
