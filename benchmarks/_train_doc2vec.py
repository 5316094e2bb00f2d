"""Paragraph vectors beside gensim's Doc2Vec: words a CPU second, texts inferred, and IMDB.

Both read the same lower-cased reviews, 25,000 to learn labels on and 25,000 to test them, all of
which are trained on without their labels. A word is a word of the file, thinned out or not, once an
epoch. The probe is a logistic regression on the vectors of the training; `inferred` is the same one
on those that are found for the test reviews as for new texts (of the first 2,000). gensim is given
its lists of words in memory; our kernels are compiled before the clock starts.

A word of PV-DBOW takes 1 + K / 8 = 3 rows of 112 floats (at 100 dimensions): 2,016 FLOP, and
1,344 bytes read and as many written. One worker: CPU seconds of several say nothing more.
"""

import random
import statistics
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from _measure import DATA, run_measured, versions
from skipgram import WORD

REVIEWS = DATA / "imdb" / "aclImdb_labelled.tar.xz"
INFERRED = 2000
JOBS = {"dbow": 'architecture="dbow"', "dm": 'architecture="dm"'}

SETUP = """
import time
import numpy as np
from pathlib import Path
from sklearn.linear_model import LogisticRegression
clock = time.process_time
lines = [line.split("\\t") for line in Path({path!r}).read_text().splitlines()]
is_test = np.array([line[0] == "test" for line in lines])
labels = np.array([line[1] for line in lines])
texts = [line[2].split() for line in lines]
words = sum(map(len, texts))
new = [texts[i] for i in np.flatnonzero(is_test)[:{inferred}]]
def probe(vectors, found):
    scale = vectors[~is_test].std()
    model = LogisticRegression(max_iter=300).fit(vectors[~is_test] / scale, labels[~is_test])
    return {{
        "probe": model.score(vectors[is_test] / scale, labels[is_test]),
        "inferred": model.score(found / scale, labels[is_test][:{inferred}]),
    }}
"""
GENSIM_SETUP = SETUP + "from gensim.models.doc2vec import Doc2Vec, TaggedDocument\n"
GENSIM = """
documents = [TaggedDocument(text, [i]) for i, text in enumerate(texts)]
model = Doc2Vec(dm={dm}, vector_size=100, window=5, negative=5, sample=1e-3, min_count=5,
                alpha=0.025, min_alpha=1e-4, workers=1, seed={seed}, epochs={epochs})
model.build_vocab(documents)
begun = clock()
model.train(documents, total_examples=len(documents), epochs={epochs})
trained = clock()
found = np.array([model.infer_vector(text) for text in new])
inferred = clock()
vectors = model.dv.vectors
"""
INLAY_SETUP = (
    SETUP
    + "from inlay.text import encode_corpus\nfrom inlay.train import doc2vec\n"
    + "doc2vec(texts[:50], {kind}, min_count=1, epochs=1, workers=1).encode(texts[:2])\n"
)
INLAY = """
corpus = encode_corpus(texts, min_count=5, every_text=True)
begun = clock()
encoder = doc2vec(corpus, {kind}, vector_size=100, window=5, negative=5, sample=1e-3, alpha=0.025,
                  min_alpha=1e-4, workers=1, seed={seed}, epochs={epochs})
trained = clock()
found = encoder.encode(new)
inferred = clock()
vectors = encoder.documents.vectors
"""
RESULT = """probe(vectors, found) | {{
    "words_s": words * {epochs} / (trained - begun),
    "texts_s": len(new) / (inferred - trained)}}"""


def rows(args: Any) -> Iterator[dict[str, object]]:
    """For each architecture a row of gensim's and one of ours, and their ratio."""
    print(versions("numpy", "numba", "gensim", "scikit-learn"))
    epochs = args.epochs or 10
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "reviews.tsv"
        words = _write_reviews(path, args.words)
        yield {"job": "corpus", "who": "both", "words": words, "epochs": epochs}
        for job, kind in JOBS.items():
            given = {"path": str(path), "inferred": INFERRED, "epochs": epochs, "kind": kind}
            given["dm"] = int(job == "dm")
            ours = _medians(args.seeds, INLAY_SETUP, INLAY, given)
            yield {"job": job, "who": "inlay", **ours}
            if args.skip_peers:
                continue
            theirs = _medians(args.seeds, GENSIM_SETUP, GENSIM, given)
            yield {"job": job, "who": "gensim", **theirs}
            ratio = {f"{k}_ratio": ours[k] / theirs[k] for k in ("words_s", "texts_s")}
            yield {"job": job, "who": "inlay / gensim", **ratio}


def _medians(seeds: int, setup: str, body: str, given: dict[str, Any]) -> dict[str, float]:
    """The medians of several runs, and how far apart the probes were."""
    runs = []
    for seed in range(1, seeds + 1):
        values = given | {"seed": seed}
        answer = run_measured(
            body.format(**values), setup=setup.format(**values), result=RESULT.format(**values)
        )
        runs.append(answer["result"] | {"peak_rss_mb": answer["peak_rss_mb"]})
    found = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
    probes = [run["probe"] for run in runs]
    return found | {"probe_spread": max(probes) - min(probes)}


def _write_reviews(path: Path, limit: int | None) -> int:
    """Lines of part, label and words, in a random order; returns how many words."""
    lines = []
    with tarfile.open(REVIEWS) as archive:
        for member in archive:
            parts = member.name.split("/")
            if member.isfile() and len(parts) == 4 and parts[2] in ("pos", "neg"):
                content = archive.extractfile(member)
                text = content.read().decode() if content else ""
                words = WORD.findall(text.lower().replace("<br />", " "))
                lines.append((parts[1], parts[2], words))
    random.Random(0).shuffle(lines)
    total, kept = 0, []
    for part, label, words in lines:
        kept.append(f"{part}\t{label}\t{' '.join(words)}")
        total += len(words)
        if limit is not None and total >= limit:
            break
    path.write_text("\n".join(kept) + "\n")
    return total
