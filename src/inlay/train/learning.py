"""From a corpus and settings to a table of words: what word2vec and fastText have alike."""

from dataclasses import asdict
from typing import Any

from inlay.core import Table
from inlay.jobs.stop import on_stop
from inlay.jobs.threads import available_workers
from inlay.text.corpus import Corpus, CorpusLike
from inlay.tokenizers import TokenizerLike
from inlay.train.corpora import check_pairs, facts, numbered
from inlay.train.job import run
from inlay.train.running import Running
from inlay.train.word2vec_work import Words
from inlay.version import __version__


def learned(
    words: type[Words],
    corpus: CorpusLike | Corpus,
    running: Running,
    settings: Any,
    start: Any,
    *,
    model: str,
    tokenizer: TokenizerLike | None,
    encoding: str,
) -> Table:
    """Number a corpus, train on it, and give what was learned.

    Args:
        words: What is trained: `Words`, or with n-grams.
        corpus: As the user gave it.
        running: How the training runs.
        settings: The trainer's, checked.
        start: What to go on from, as `words` takes it, or None.
        model: What is learned, in the words of the papers.
        tokenizer: As for `encode_corpus`.
        encoding: As for `encode_corpus`.

    Raises:
        ArgumentError: The corpus has nothing to learn, or vectors grew without bound.
        InlayError: As `encode_corpus` and `run`.
    """
    with on_stop(lambda: "Stopped; the training had not begun."):
        data = numbered(
            corpus,
            running,
            min_count=settings.min_count,
            max_size=settings.max_size,
            tokenizer=tokenizer,
            encoding=encoding,
        )
        check_pairs(data.ids)
        about = facts(model, asdict(settings), data, given=data is corpus)
        if start is not None:
            about["start"] = start.facts()
        work = words(data, settings, start, available_workers(running.workers))
        about["model"] += f", {work.objective.name}"
        work.facts |= about | {"inlay": __version__}
    report = run(
        work,
        running,
        epochs=settings.epochs,
        alpha=settings.alpha,
        min_alpha=settings.min_alpha,
        about=about,
    )
    work.check()
    work.facts |= report.facts()
    return work.finished()
