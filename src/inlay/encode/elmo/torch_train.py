"""From a corpus to the folder of an ELMo: read, train with checkpoints, measure, write."""

import hashlib
import json
import math
import re
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors.numpy import save_file

import inlay
from inlay.core.tokenizer import Tokenizer, tokenizer_name
from inlay.encode.elmo import resume
from inlay.encode.elmo.stream import Stream, Texts, Words
from inlay.encode.elmo.torch_trainer import BIAS, WEIGHTS, Plan, Trainer, threads
from inlay.errors import ArgumentError, MissingFileError
from inlay.files import atomic_folder
from inlay.progress import progress as show_progress
from inlay.text import Corpus, encode_corpus
from inlay.text.corpus import Source

if TYPE_CHECKING:
    from inlay.encode.elmo.bilm_settings import Settings

HELD_WORDS = 20_000  # enough for a perplexity within 2 %, and measured in seconds
STRETCHES = 100  # of a training, for its history
# What we write. The last is what a killed process leaves of a file.
OURS = re.compile(
    r"(options|training)\.json|weights\.hdf5|vocab\.txt|(softmax|checkpoint)\.safetensors"
    r"|\.checkpoint\.safetensors\.\w+\.part"
)


@dataclass(frozen=True)
class Run:
    """How a training is run, none of which changes its result; see `train_bilm`."""

    output: Path
    tokenizer: str | Tokenizer
    workers: int
    checkpoint_every: float
    resume: bool
    keep_softmax: bool
    progress: bool | None


@dataclass(frozen=True)
class Data:
    """A corpus as it is trained on.

    Attributes:
        corpus: All of it.
        words: Its words.
        train: What is trained on.
        held: What is measured on; None: nothing.
    """

    corpus: Corpus
    words: Words
    train: Stream
    held: Stream | None

    @classmethod
    def of(cls, corpus: Corpus, settings: "Settings") -> "Data":
        """Number the words, and set texts apart."""
        s = settings
        texts = Texts.of(corpus.ids)
        words = Words.of(corpus, len(texts.begins), min_count=s.min_count, vocab_size=s.vocab_size)
        train, held = texts.split(s.held_out, HELD_WORDS, s.seed)
        rows, steps = s.batch_size, s.unroll_steps
        return cls(
            corpus,
            words,
            Stream(corpus.ids, train, words, rows=rows, steps=steps, shuffle=s.seed),
            Stream(corpus.ids, held, words, rows=rows, steps=steps) if len(held.begins) else None,
        )

    def digest(self) -> str:
        """The same for the same corpus."""
        digest = hashlib.sha256("\n".join(self.corpus.tokens).encode("utf-8", "surrogatepass"))
        digest.update(self.corpus.ids.data)
        return digest.hexdigest()


def unigram(words: Words, held: Stream) -> float:
    """The perplexity of word counts alone; it is the same in both directions."""
    counts = words.counts.copy()
    counts[0] = 0  # the forward direction predicts no beginning
    seen = np.zeros(len(counts), np.int64)
    for piece in range(held.pieces):
        targets = held.batch(piece).targets[0]
        seen += np.bincount(targets[targets >= 0], minlength=len(seen))
    there = seen > 0
    mean = seen[there] @ np.log(counts[there] / counts.sum()) / seen.sum()
    return math.exp(-mean)


def train(source: Source, settings: "Settings", run: Run) -> dict[str, Any]:
    """Do what `train_bilm` says."""
    _prepare(run.output)
    corpus = encode_corpus(source, min_count=1, tokenizer=run.tokenizer, progress=run.progress)
    data = Data.of(corpus, settings)
    steps = max(1, math.ceil(settings.epochs * data.train.pieces))
    plan = Plan(
        learning_rate=settings.learning_rate,
        clip_norm=settings.clip_norm,
        dropout=settings.dropout,
        n_samples=_samples(settings, len(data.words.vocabulary)),
        steps=steps,
        seed=settings.seed,
    )
    about = {**asdict(settings), "tokenizer": tokenizer_name(run.tokenizer), "text": data.digest()}
    with threads(run.workers) as pool:
        trainer = Trainer(settings.options, data.words, plan, data.train.rows, pool)
        position = _steps(trainer, data, plan, run, about)
        perplexity = None
        if data.held is not None:
            perplexity = trainer.perplexity(data.held)
            perplexity["unigram"] = unigram(data.words, data.held)
    report = {
        "settings": asdict(settings),
        "tokenizer": about["tokenizer"],
        "corpus_words": corpus.words,
        "distinct_words": len(corpus.tokens),
        "vocab_size": len(data.words.vocabulary),
        "parameters": sum(tensor.numel() for tensor in trainer.network.parameters.values()),
        "steps": steps,
        "seconds": round(position.seconds, 1),
        "perplexity": perplexity,
        "history": position.history,
        "inlay": inlay.__version__,
    }
    text = json.dumps(report, indent=2, ensure_ascii=False)
    _write(run.output, trainer, data.words.vocabulary, text, run.keep_softmax)
    whole: dict[str, Any] = json.loads(text)
    return whole


def _steps(
    trainer: Trainer, data: Data, plan: Plan, run: Run, about: dict[str, Any]
) -> resume.Position:
    """All steps that are left."""
    position = resume.Position()
    if run.resume and (found := resume.load(run.output, about)) is not None:
        position, arrays = found
        trainer.restore(arrays)
    began = saved = time.perf_counter()
    began -= position.seconds
    total = data.train.positions * plan.steps // data.train.pieces
    with show_progress(total, unit=" words", desc="training", enabled=run.progress) as bar:
        bar.update(position.words)
        while position.step < plan.steps:
            batch = data.train.batch(position.step)
            loss = trainer.step(position.step, batch)
            if not math.isfinite(loss):
                raise ArgumentError(
                    "learning_rate",
                    expected="a rate at which the loss stays finite",
                    got=f"{loss} in step {position.step + 1}, at {plan.learning_rate}",
                    hint="a lower learning_rate with resume=False",
                )
            position.add(loss, batch.words, plan.steps // STRETCHES + 1)
            bar.update(batch.words)
            bar.note(perplexity=f"{math.exp(position.loss / position.losses):.0f}")
            now = time.perf_counter()
            position.seconds = now - began
            if now - saved >= run.checkpoint_every and position.step < plan.steps:
                resume.save(run.output, position, trainer.state(), about)
                saved = time.perf_counter()
    return position


def _samples(settings: "Settings", vocab_size: int) -> int | None:
    """None for all words: also where a sample would be most of them."""
    sampled = settings.softmax == "sampled" and settings.n_samples <= vocab_size // 2
    return settings.n_samples if sampled else None


def _prepare(output: Path) -> None:
    """Make the folder, which is to hold nothing else: the result replaces it."""
    if not output.parent.is_dir():
        raise MissingFileError(
            str(output), expected="a folder to write into", got=f"no folder {output.parent}"
        )
    if output.exists() and not output.is_dir():
        raise ArgumentError(str(output), expected="a new folder", got="a file")
    output.mkdir(exist_ok=True)
    others = sorted(file.name for file in output.iterdir() if not OURS.fullmatch(file.name))
    if others:
        raise ArgumentError(
            str(output),
            expected="a new folder, or one of an earlier training",
            got=f"one with {others[0]} in it",
        )


def _write(
    output: Path, trainer: Trainer, vocabulary: list[str], report: str, softmax: bool
) -> None:
    """The whole folder at once; the checkpoint goes with the old one."""
    with atomic_folder(output) as folder:
        options = json.dumps(trainer.network.options.to_dict(), indent=2)
        (folder / "options.json").write_text(options, encoding="utf-8")
        trainer.network.weights().save(folder / "weights.hdf5")
        text = "".join(f"{word}\n" for word in vocabulary)
        (folder / "vocab.txt").write_text(text, encoding="utf-8", errors="surrogatepass")
        (folder / "training.json").write_text(report, encoding="utf-8")
        if softmax:
            arrays = trainer.state()
            save_file(
                {name: arrays[name] for name in (WEIGHTS, BIAS)}, folder / "softmax.safetensors"
            )
