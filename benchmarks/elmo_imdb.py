"""ELMo on the IMDB reviews, as in the Keras tutorial: the first 150 words, a mix of the layers,
Dense(256, relu), sigmoid; beside TF-IDF with logistic regression, and the CNN.

    python benchmarks/elmo_imdb.py --train-bilm DATA/imdb/imdb_unsup.txt.xz --encoder bilm
    KERAS_BACKEND=jax python benchmarks/elmo_imdb.py --encoder bilm --vectors vectors.safetensors

`--encoder` takes the official weights as well. The biLM is frozen, so its layers are pooled once
and kept (`--cache`); what trains is the mix's scalars, gamma and the two dense layers. Seeds are
those of the dense layers, of the order of batches and of the 10 % of the training reviews that
choose the epoch; the biLM and the test reviews are the same in all. A biLM trained on the
unlabelled reviews has seen 266 of the test reviews, without labels.
"""

import argparse
import json
import os
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
from _measure import DATA

import inlay
from inlay.encode.features import write_features

HEAD = 256


def tokens(text: str) -> list[str]:
    return inlay.tokenizers.words(text.replace("<br />", " "))


def lower(text: str) -> list[str]:
    return [token.lower() for token in tokens(text)]


def first(texts: list[str], length: int | None, tokenizer=tokens) -> list[list[str]]:
    return [tokenizer(text)[:length] for text in texts]


def interval(accuracies: list[float]) -> float:
    """Half the 95 % t interval of the mean."""
    from scipy import stats

    n = len(accuracies)
    return float(stats.t.ppf(0.975, n - 1) * np.std(accuracies, ddof=1) / n**0.5)


def elmo_model(n_layers: int, dim: int):
    import keras

    from inlay.encode.elmo.keras_mix import ScalarMix

    inputs = keras.Input((n_layers, dim))
    hidden = keras.layers.Dense(HEAD, activation="relu")(ScalarMix(name="mix")(inputs))
    model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(hidden))
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model


def run_elmo(args, parts) -> dict:
    import keras

    encoder = inlay.load_encoder(args.encoder, tokenizer=tokens, max_length=args.max_length)
    folder = Path(args.cache or f"{args.encoder}-features")
    folder.mkdir(exist_ok=True)
    x, seconds = {}, {}
    for name, (texts, _) in parts.items():
        start = time.perf_counter()
        features = write_features(encoder, texts, folder / f"{name}.safetensors")
        x[name], seconds[name] = np.array(features.vectors), time.perf_counter() - start
    labels = {name: np.array(y, np.float32) for name, (_, y) in parts.items()}
    accuracies, epochs = [], []
    for seed in range(args.seeds):
        keras.utils.set_random_seed(seed)
        order = np.random.default_rng(seed).permutation(len(x["train"]))
        held, learn = order[: len(order) // 10], order[len(order) // 10 :]
        model = elmo_model(*x["train"].shape[1:])
        stop = keras.callbacks.EarlyStopping(
            "val_accuracy", mode="max", patience=4, restore_best_weights=True
        )
        history = model.fit(
            x["train"][learn],
            labels["train"][learn],
            batch_size=32,
            epochs=args.epochs,
            validation_data=(x["train"][held], labels["train"][held]),
            callbacks=[stop, timer := EpochTimer()],
            verbose=0,
        )
        found = model.predict(x["test"], batch_size=512, verbose=0)[:, 0] > 0.5
        accuracies.append(float((found == labels["test"]).mean()))
        epochs.append(timer.median())
        scalars, gamma = model.get_layer("mix").get_weights()
        print(
            f"  seed {seed}: {100 * accuracies[-1]:.2f}, {len(history.history['loss'])} epochs, "
            f"mix {np.round(np.exp(scalars) / np.exp(scalars).sum(), 2)} x {gamma:.2f}",
            flush=True,
        )
    return {
        "name": f"ELMo {encoder.options.n_layers} x {encoder.options.dim}, {args.encoder}",
        "accuracies": accuracies,
        "encode_train_seconds": round(seconds["train"], 1),
        "encode_test_seconds": round(seconds["test"], 1),
        "later_epoch_seconds": round(float(np.median(epochs)), 2),
        "trainable": int(model.count_params()),
    }


def run_tfidf(parts, length: int | None) -> dict:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    start = time.perf_counter()
    model = make_pipeline(
        TfidfVectorizer(analyzer=list, sublinear_tf=True), LogisticRegression(C=10, max_iter=1000)
    )
    model.fit(first(parts["train"][0], length, lower), parts["train"][1])
    accuracy = model.score(first(parts["test"][0], length, lower), parts["test"][1])
    name = f"TF-IDF + logistic regression, {length or 'all'} words"
    return {
        "name": name,
        "accuracies": [accuracy],
        "seconds": round(time.perf_counter() - start, 1),
    }


def run_cnn(args, parts) -> dict:
    start, accuracies = time.perf_counter(), []
    for seed in range(args.cnn_seeds):
        model = inlay.TextClassifier(
            args.vectors,
            variant="non-static" if args.vectors else "rand",
            tokenizer=lower,
            max_length=args.max_length,
            max_size=30_000,
            epochs=args.cnn_epochs,
            seed=seed,
            progress=None,
        )
        model.fit(*parts["train"])
        accuracies.append(model.score(*parts["test"]))
        print(f"  CNN, seed {seed}: {100 * accuracies[-1]:.2f}", flush=True)
    name = f"CNN, {'non-static' if args.vectors else 'rand'}, {args.max_length} words"
    return {
        "name": name,
        "accuracies": accuracies,
        "seconds": round(time.perf_counter() - start, 1),
    }


def EpochTimer():  # noqa: N802  # a class, once Keras is there
    import keras

    class Timer(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            self.seconds = []

        def on_epoch_begin(self, epoch, logs=None):
            self.start = time.perf_counter()

        def on_epoch_end(self, epoch, logs=None):
            self.seconds.append(time.perf_counter() - self.start)

        def median(self):
            return float(np.median(self.seconds[1:] or self.seconds))

    return Timer()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default=str(DATA / "imdb" / "aclImdb_labelled.tar.xz"))
    parser.add_argument("--encoder", required=True, help="folder of an ELMo")
    parser.add_argument("--train-bilm", metavar="CORPUS", help="train it first, on this")
    parser.add_argument("--bilm", default="{}", help="settings of that training, in JSON")
    parser.add_argument("--cache", help="where to keep pooled layers; default: beside the encoder")
    parser.add_argument("--vectors", help="word vectors for the CNN")
    parser.add_argument("--max-length", type=int, default=150)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--cnn-seeds", type=int, default=3)
    parser.add_argument("--cnn-epochs", type=int, default=4)
    parser.add_argument("--skip", nargs="*", default=[], choices=["elmo", "tfidf", "cnn"])
    parser.add_argument("--n", type=int, help="only every n-th review of each part")
    args = parser.parse_args()
    os.environ.setdefault("KERAS_BACKEND", "jax")
    print({name: version(name) for name in ("numpy", "numba", "keras", "scikit-learn")}, flush=True)
    if args.train_bilm:
        from inlay.train import bilm

        report = bilm(
            args.train_bilm, args.encoder, tokenizer=tokens, **json.loads(args.bilm)
        ).provenance
        print(json.dumps({k: report[k] for k in report if k != "history"}, default=str), flush=True)
    parts = {}
    for name in ("train", "test"):
        data = inlay.read_labelled(args.data, split=name)
        parts[name] = data.texts[:: args.n], [int(y == "pos") for y in data.labels[:: args.n]]
    runs = {
        "elmo": lambda: [run_elmo(args, parts)],
        "tfidf": lambda: [run_tfidf(parts, length) for length in (args.max_length, None)],
        "cnn": lambda: [run_cnn(args, parts)],
    }
    for run in (run for name, run in runs.items() if name not in args.skip):
        for row in run():
            accuracies = row["accuracies"]
            spread = f" +- {100 * interval(accuracies):.2f}" if len(accuracies) > 1 else ""
            print(f"{row['name']}: {100 * np.mean(accuracies):.2f}{spread}", flush=True)
            print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
