"""fastText beside the official program and gensim: speed, and how good known and unknown words are.

English is the unlabelled IMDB reviews, as `skipgram.py` prepares them; Korean and Chinese are
samples of Wikipedia. All read one tokenised file, with the official program's defaults: 100
dimensions, window 5, 5 noise words, sample 1e-4, alpha 0.05, n-grams of 3 to 6 characters (of
Chinese 1 to 4). English is learned by hierarchical softmax, too, and by inlay alone with noise
for each pair, and in deterministic mode. Each leaves a `.bin`, from which words are scored alike:
WS-353, MEN and RW, whose rare words are composed, or WS-353 in Korean, and analogies. The
official program (`fasttext` on the path) counts words and makes its matrices in the same process:
its CPU seconds, and "total" of the others, include that. Rare words, which are left out, count in
what it calls an epoch: in Korean, where they are more than a quarter of all, it goes through the
text seven times for five epochs. The loss is not compared, as each measures its own.
"""

import lzma
import shutil
import statistics
import sys
import tempfile
from argparse import Namespace
from collections.abc import Iterator, Mapping
from pathlib import Path

from _measure import DATA, SOURCE, run_measured, versions
from skipgram import CORPUS, tokenised

COMMON = "vector_size=100, window=5, sample=1e-4, alpha=0.05, min_alpha=0.0"
NOISE = "negative=5, ns_exponent=0.5"
CLOCK = "import time\nfrom _measure import peak_mb\nclock = time.process_time\nbegun = clock()\n"
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
from inlay.train import fasttext
fasttext([["a", "b", "c"]] * 9, architecture={architecture!r}, loss={loss!r}, min_count=1,
         workers=1, **{more})
"""
SETUP = {
    "inlay": WARM,
    "gensim": "from gensim.models.fasttext import FastText, save_facebook_model\n",
    "official": "import os, resource, subprocess\n",
}
FIGURES = "dict(count_s=counted - begun, train_s=done - counted, peak_mb=peak)"


def rows(args: Namespace) -> Iterator[dict[str, object]]:
    """The rows of each language and architecture; see `train.py`."""
    print(versions("numpy", "numba", "gensim"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        english = folder / "english.txt"
        tokenised(CORPUS, english, args.words)
        for architecture in ("skipgram", "cbow"):
            how = {"architecture": architecture}
            yield from _job(args, english, f"English {architecture}", **how)
            yield from _job(args, english, f"English {architecture} hs", **how, loss="hs")
            for name in ("exact", "deterministic"):
                job = f"English {architecture} {name}"
                yield from _job(args, english, job, **how, more={name: True})
        for language, sizes in (("ko", (3, 6)), ("zh", (1, 4))):
            path = folder / f"{language}.txt"
            _wikipedia(language, path, args.words)
            ngrams = {"min_n": sizes[0], "max_n": sizes[1]}
            yield from _job(args, path, language, **ngrams)
            if language == "ko":
                yield from _job(args, path, "ko jamo", more={"jamo": True}, **ngrams)


def _job(
    args: Namespace,
    path: Path,
    job: str,
    *,
    architecture: str = "skipgram",
    loss: str = "ns",
    min_n: int = 3,
    max_n: int = 6,
    more: Mapping[str, bool] | None = None,  # inlay's own settings, which peers do not have
) -> Iterator[dict[str, object]]:
    if args.jobs and not any(text in job for text in args.jobs):
        return
    words = sum(len(line.split()) for line in path.open(encoding="utf-8"))
    epochs = args.epochs or 5
    common = {"path": str(path), "architecture": architecture, "sg": int(architecture != "cbow")}
    common |= {"min_n": min_n, "max_n": max_n, "epochs": epochs, "more": more or {}}
    common |= {"common": COMMON, "loss": loss, "hs": int(loss == "hs")}
    draws = {"noise": NOISE, "theirs": NOISE}
    common |= draws if loss == "ns" else {"noise": "negative=None", "theirs": "negative=0"}
    program = shutil.which("fasttext")
    kinds = [("inlay", workers) for workers in args.workers]
    if not args.skip_peers and not more:
        kinds += [("gensim", 1)] + [("official", 1)] * (program is not None)
    for who, workers in kinds:
        runs = []
        for seed in range(1, args.seeds + 1):
            ending = ".safetensors" if "jamo" in job else ".bin"
            target = path.with_name(f"vectors{ending}")
            values = common | {"seed": seed, "workers": workers, "target": str(target)}
            made = {"inlay": INLAY, "gensim": GENSIM, "official": OFFICIAL}[who]
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
        yield {"job": job, "who": who, "workers": workers} | speeds | middle | spread


def _scores(target: Path, job: str) -> dict[str, float]:
    """What the vectors of a file are worth, by people's judgements."""
    sys.path[:0] = [] if str(SOURCE) in sys.path else [str(SOURCE)]
    import inlay
    from inlay.evaluate import analogies, word_pairs

    table = inlay.load(target)
    if job.startswith("zh"):
        return {
            "CA8": analogies(table, DATA / "eval-zh/CA8/semantic.txt", max_size=30_000).accuracy
        }
    if job.startswith("ko"):
        questions = DATA / "eval-ko/word_analogy_korean.txt"
        return {
            "WS-353": word_pairs(table, DATA / "eval-ko/WS353_korean.csv").spearman,
            "analogies": analogies(table, questions, max_size=30_000).accuracy,
        }
    sets = {"WS-353": "EN-WS-353-ALL.txt", "MEN": "EN-MEN-TR-3k.txt", "RW": "EN-RW-STANFORD.txt"}
    folder = DATA / "eval-wordsim-en"
    return {name: word_pairs(table, folder / file).spearman for name, file in sets.items()}


def _wikipedia(language: str, target: Path, limit: int | None) -> None:
    """Write a sample of Wikipedia, a space between words."""
    sys.path[:0] = [] if str(SOURCE) in sys.path else [str(SOURCE)]
    from inlay.tokenizers import get_tokenizer

    tokenize, total = get_tokenizer({"ko": "words", "zh": "jieba"}[language]), 0
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
