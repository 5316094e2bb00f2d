"""fastText beside the official program and gensim: speed, and how good known and unknown words are.

English is the unlabelled IMDB reviews, as `skipgram.py` prepares them; Korean and Chinese are
samples of Wikipedia. All read one tokenised file, with the official program's defaults: 100
dimensions, window 5, 5 noise words, sample 1e-4, alpha 0.05, n-grams of 3 to 6 characters. English
is learned by hierarchical softmax, too, and by inlay alone with noise for each pair, and in
deterministic mode. Korean and Chinese are learned with several sizes of n-grams, and without any,
by word2vec with the same settings; Chinese from jieba's words and from those of the default
tokenizer. Each leaves a file, from which words are scored alike: WS-353, MEN and RW, whose rare
words are composed; WS-353 in Korean, and analogies; or wordsim-240 in Chinese, and the analogies of
CA8 (semantic) and CA-translated. wordsim-240 is `data/240.txt` of github.com/Leonard-Xu/CWE, put as
`wordsim-240.txt` into `eval-zh`; without it, it is left out. The official program (`fasttext` on
the path) counts words and makes its matrices in the same process: its CPU seconds, and "total" of
the others, include that. Rare words, which are left out, count in what it calls an epoch: in
Korean, where they are more than a quarter of all, it goes through the text seven times for five
epochs. The loss is not compared, as each measures its own.
"""

import lzma
import shutil
import statistics
import sys
import tempfile
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from pathlib import Path

from _measure import DATA, LIKENESS, SOURCE, run_measured, versions
from skipgram import CORPUS, tokenised

COMMON = "vector_size=100, window=5, sample=1e-4, alpha=0.05, min_alpha=0.0"
NOISE = "negative=5, ns_exponent=0.5"
ENGLISH = {name: file for name, file in LIKENESS.items() if name != "SimLex"}
CLOCK = "import time\nfrom _measure import peak_mb\nclock = time.process_time\nbegun = clock()\n"
GENSIM_WORDS = """
model = Word2Vec(sg={sg}, hs={hs}, {common}, {theirs}, min_count=5, workers=1, seed={seed},
                 epochs={epochs})
model.build_vocab(corpus_file={path!r})
counted = clock()
model.train(corpus_file={path!r}, total_words=model.corpus_total_words,
            total_examples=model.corpus_count, epochs={epochs})
done, peak = clock(), peak_mb()
model.wv.save_word2vec_format({target!r}, binary=True)
"""
GENSIM = """
model = FastText(sg={sg}, hs={hs}, {common}, {theirs}, min_count=5, min_n={min_n}, max_n={max_n},
                 bucket=2_000_000, workers=1, seed={seed}, epochs={epochs})
model.build_vocab(corpus_file={path!r})
counted = clock()
model.train(corpus_file={path!r}, total_words=model.corpus_total_words,
            total_examples=model.corpus_count, epochs={epochs})
done, peak = clock(), peak_mb()
save_facebook_model(model, {target!r})
"""
INLAY = """
corpus = encode_corpus({path!r}, tokenizer="split")
counted = clock()
table = fasttext(corpus, architecture={architecture!r}, loss={loss!r}, {common}, {noise},
                 min_n={min_n}, max_n={max_n}, workers={workers}, seed={seed},
                 epochs={epochs}, **{more})
done, peak = clock(), peak_mb()
table.save({target!r})
"""
INLAY_WORDS = """
corpus = encode_corpus({path!r}, tokenizer="split")
counted = clock()
table = word2vec(corpus, architecture={architecture!r}, loss={loss!r}, {common}, {noise},
                 workers={workers}, seed={seed}, epochs={epochs})
done, peak = clock(), peak_mb()
table.save({target!r})
"""
OFFICIAL = """
counted = begun
subprocess.run([{program!r}, {architecture!r}, "-input", {path!r}, "-output", {target!r}[:-4],
                "-minn", "{min_n}", "-maxn", "{max_n}", "-epoch", "{epochs}", "-seed", "{seed}",
                "-loss", "{loss}", "-thread", "1", "-verbose", "0"], check=True)
done = begun + sum(os.times()[2:4])
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
"""
WARM = """
from inlay.text import encode_corpus
from inlay.train import fasttext, word2vec
{trainer}([["a", "b", "c"]] * 9, architecture={architecture!r}, loss={loss!r}, min_count=1,
          workers=1, **{more})
"""
SETUP = {
    "inlay": WARM,
    "gensim": "from gensim.models import Word2Vec\n"
    "from gensim.models.fasttext import FastText, save_facebook_model\n",
    "official": "import os, resource, subprocess\n",
}
MADE = {"inlay": INLAY, "gensim": GENSIM, "official": OFFICIAL}
MADE_WORDS = {"inlay": INLAY_WORDS, "gensim": GENSIM_WORDS}
FIGURES = "dict(count_s=counted - begun, train_s=done - counted, peak_mb=peak)"
# Of Wikipedia: the tokenizers of a language, and the n-grams that it is learned with.
LANGUAGES = {
    "ko": (("words",), ((3, 6), (1, 6))),
    "zh": (("jieba", "words"), ((1, 2), (1, 3), (1, 4), (3, 6))),
}


def rows(args: Namespace) -> Iterator[dict[str, object]]:
    """The rows of each language and architecture; see `train.py`."""
    print(versions("numpy", "numba", "gensim"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        english = cache(partial(_english, folder / "english.txt", args.words))
        for architecture in ("skipgram", "cbow"):
            how = {"architecture": architecture}
            yield from _job(args, english, f"English {architecture}", **how)
            yield from _job(args, english, f"English {architecture} hs", **how, loss="hs")
            for name in ("exact", "deterministic"):
                job = f"English {architecture} {name}"
                yield from _job(args, english, job, **how, more={name: True})
        for language, (tokenizers, sizes) in LANGUAGES.items():
            for tokenizer in tokenizers:
                path = folder / f"{language}-{tokenizer}.txt"
                text = cache(partial(_wikipedia, language, tokenizer, path, args.words))
                job = f"{language} {tokenizer}"
                for small, large in sizes:
                    size = {"min_n": small, "max_n": large}
                    yield from _job(args, text, f"{job} {small}-{large}", **size)
                if language == "ko":
                    yield from _job(args, text, f"{job} 3-6 jamo", more={"jamo": True})
                yield from _job(args, text, f"{job} word2vec", max_n=0)


def _job(
    args: Namespace,
    text: Callable[[], Path],
    job: str,
    *,
    architecture: str = "skipgram",
    loss: str = "ns",
    min_n: int = 3,
    max_n: int = 6,  # 0: no n-grams, which is word2vec
    more: Mapping[str, bool] | None = None,  # inlay's own settings, which peers do not have
) -> Iterator[dict[str, object]]:
    if args.jobs and not any(part in job for part in args.jobs):
        return
    path = text()
    words = sum(len(line.split()) for line in path.open(encoding="utf-8"))
    epochs = args.epochs or 5
    common = {"path": str(path), "architecture": architecture, "sg": int(architecture != "cbow")}
    common |= {"min_n": min_n, "max_n": max_n, "epochs": epochs, "more": more or {}}
    common |= {"common": COMMON, "loss": loss, "hs": int(loss == "hs")}
    common |= {"trainer": "fasttext" if max_n else "word2vec"}
    draws = {"noise": NOISE, "theirs": NOISE}
    common |= draws if loss == "ns" else {"noise": "negative=None", "theirs": "negative=0"}
    program = shutil.which("fasttext")
    kinds = [("inlay", workers) for workers in args.workers]
    if not args.skip_peers and not more:
        official = program is not None and max_n > 0
        kinds += [("gensim", 1)] + [("official", 1)] * official
    for who, workers in kinds:
        runs = []
        for seed in range(1, args.seeds + 1):
            ending = ".safetensors" if "jamo" in job else ".bin"
            target = path.with_name(f"vectors{ending}")
            values = common | {"seed": seed, "workers": workers, "target": str(target)}
            made = (MADE if max_n else MADE_WORDS)[who]
            setup = SETUP[who].format(**common) + CLOCK
            answer = run_measured(
                made.format(**values, program=program), setup=setup, result=FIGURES
            )
            scores = _scores(target, job)
            runs.append(answer["result"] | scores)
        middle = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
        spread = {
            f"{key}_spread": max(r[key] for r in runs) - min(r[key] for r in runs) for key in scores
        }
        total = middle["train_s"] + middle["count_s"]
        speeds = {
            "words/CPU s": words * epochs / middle["train_s"],
            "total": words * epochs / total,
        }
        row = {"job": job, "who": who, "workers": workers, "words": words}
        yield row | speeds | middle | spread


def _scores(target: Path, job: str) -> dict[str, float]:
    """What the vectors of a file are worth, by people's judgements; and of how many, if few."""
    sys.path[:0] = [] if str(SOURCE) in sys.path else [str(SOURCE)]
    import inlay
    from inlay.evaluate import analogies, word_pairs

    table = inlay.load(target)
    folder = DATA / {"zh": "eval-zh", "ko": "eval-ko"}.get(job[:2], "eval-wordsim-en")
    pairs, questions = {
        "zh": (
            {"wordsim-240": "wordsim-240.txt"},
            {"CA8": "CA8/semantic.txt", "CA-translated": "CA_translated/ca_translated.txt"},
        ),
        "ko": ({"WS-353": "WS353_korean.csv"}, {"analogies": "word_analogy_korean.txt"}),
    }.get(job[:2], (ENGLISH, {}))
    found: dict[str, float] = {}
    for name, file in pairs.items():
        if (folder / file).exists():
            judged = word_pairs(table, folder / file)
            found |= {name: judged.spearman, f"{name}_pairs": judged.n_pairs}
    for name, file in questions.items():
        asked = analogies(table, folder / file, max_size=30_000)
        found |= {name: asked.accuracy, f"{name}_questions": asked.n_asked}
    return found


def _english(target: Path, limit: int | None) -> Path:
    tokenised(CORPUS, target, limit)
    return target


def _wikipedia(language: str, tokenizer: str, target: Path, limit: int | None) -> Path:
    """Write a sample of Wikipedia, a space between words."""
    sys.path[:0] = [] if str(SOURCE) in sys.path else [str(SOURCE)]
    from inlay.tokenizers import get_tokenizer

    tokenize, total = get_tokenizer(tokenizer), 0
    source = DATA / f"corpus-{language}wiki" / f"{language}wiki_sample.txt.xz"
    with (
        lzma.open(source, "rt", encoding="utf-8") as lines,
        target.open("w", encoding="utf-8") as out,
    ):
        for line in lines:
            tokens = [token for token in tokenize(line) if token.strip()]
            out.write(" ".join(tokens) + "\n")
            total += len(tokens)
            if limit is not None and total >= limit:
                break
    return target
