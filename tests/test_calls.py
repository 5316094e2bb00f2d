import inspect

import numpy as np
import pytest

import inlay
from inlay import Table, TextClassifier, Vocabulary, compare, load, load_encoder, read_labelled
from inlay.calls import refuses_unknown
from inlay.errors import ArgumentTypeError
from inlay.train import bilm, word2vec

TEXTS = ["a good film", "a bad film"]
TABLE = Table(["good", "film"], np.eye(2, dtype="float32"))
VOCAB = Vocabulary(["good", "film"])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: word2vec(TEXTS, size=100), "word2vec: .* got size=int 100. Try: vector_size="),
        (lambda: word2vec(TEXTS, iter=5), "got iter=int 5. Try: epochs="),
        (
            lambda: word2vec(TEXTS, sg=1, hs=1),
            "got sg=int 1. Try: architecture='skipgram' for sg=1",
        ),
        (lambda: word2vec(sentences=TEXTS), r"Try: word2vec\(corpus\): first and unnamed"),
        (lambda: word2vec(TEXTS, minCount=1), "Try: min_count="),
        (
            lambda: word2vec(TEXTS, 100),
            "word2vec: expected only corpus without a name; by name arch",
        ),
        (lambda: bilm(TEXTS, "folder", dims=3), "^bilm: .* Try: dim="),
        (lambda: TextClassifier(lr=0.1, batch=32), "^TextClassifier: .* Try: learning_rate="),
        (lambda: TextClassifier(batch=32), "Try: batch_size="),
        (lambda: TextClassifier(TABLE, freeze=True), "Try: trainable=False"),
        (
            lambda: TextClassifier(TABLE, "cnn", 3),
            "only embedding, model without a name; by name t",
        ),
        (lambda: TextClassifier(lr=0.1), r"^TextClassifier: .* Try: learning_rate=\.$"),
        (lambda: TextClassifier(ws=5), "Try: leave it out: all words of a text count alike"),
        (
            lambda: TextClassifier().fit("train.txt"),
            r"^fit: expected texts and labels, got no labels. Try: fit\(\*inlay.read_labelled\(",
        ),
        (lambda: TextClassifier().score("x.txt"), r"got no labels. Try: score\(\*inlay.read_lab"),
        (lambda: TextClassifier().predict(TEXTS, 2), r"got int 2. Try: predict_top\(texts, k="),
        (lambda: TextClassifier().predict_top(TEXTS, topn=2), "^predict_top: .* Try: k="),
        (
            lambda: TextClassifier().quantize("d.txt"),
            "^quantize: expected names for all arguments: cutoff, .*, got str .d.txt.. Try: leave",
        ),
        (lambda: TextClassifier().quantize(retrain=True), "Try: leave it out: nothing is trained"),
        (lambda: word2vec(), "^word2vec: expected corpus, got no corpus"),
        (lambda: word2vec(size=3), "^word2vec: .* Try: vector_size="),
        (lambda: TextClassifier().predict(TEXTS, k=2), r"^predict: .* Try: predict_top\(texts, k="),
        (lambda: inlay.train.refine.center(TABLE, 3), "only table without a name, got int 3"),
        (lambda: TextClassifier().fit(TEXTS, [0, 1], epochs=3), r"Try: TextClassifier\(epochs="),
        (
            lambda: Vocabulary(max_tokens=10),
            r"^Vocabulary: .* Try: Vocabulary.from_texts\(texts, m",
        ),
        (lambda: Vocabulary(["a"], unk_token="?"), "Try: unk="),
        (lambda: Vocabulary.from_texts(TEXTS, max_tokens=9), "^from_texts: .* Try: max_size="),
        (lambda: Vocabulary.from_texts(TEXTS, min_freq=2), "Try: min_count="),
        (lambda: Vocabulary.from_texts(TEXTS, specials=["<unk>"]), "Try: pad=, unk="),
        (lambda: Vocabulary.from_texts(TEXTS, 100), "from_texts: expected only texts without a"),
        (lambda: VOCAB.encode(TEXTS, maxlen=3), "^encode: .* Try: max_length="),
        (lambda: VOCAB.encode(TEXTS, padding="post"), "Try: pad_side='start' or 'end'"),
        (lambda: Table(["a"], np.eye(1), dtype="f4"), r"^Table: .* Try: matrix=np.asarray\(matrix"),
        (
            lambda: inlay.core.HashingVocabulary(num_buckets=9),
            "^HashingVocabulary: .* Try: vocab_size=",
        ),
        (lambda: TABLE.mean(["good"], ignore_missing=True), "^mean: .* Try: unknown='skip'"),
        (lambda: TABLE.align(VOCAB, oov="zeros"), "^align: .* Try: unknown="),
        (lambda: TABLE.most_similar("good", top_n=1), "^most_similar: .* Try: topn="),
        (lambda: TABLE.save("x.bin", binary=True), "^save: expected no argument but path, format"),
        (lambda: Table.load("x.bin", binary=True), "^load: expected no argument but path, format"),
        (lambda: load("x.bin", 1000), "^load: expected only path without a name; by name format"),
        (lambda: load(names="glove"), "^load: .* got names=str .glove.. Try: name="),
        (lambda: load_encoder(options_file="o", weight_file="w"), r"Try: load_encoder\(folder\)"),
        (lambda: load_encoder("x", stateful=True), "Try: inlay.encode.elmo.Elmo.load"),
        (lambda: compare(TEXTS, [0, 1], cv=5), "^compare: .* Try: folds="),
        (lambda: compare(TEXTS, [0, 1], [TABLE]), "^compare: expected only data, labels without a"),
        (lambda: read_labelled("x.csv", text_column="t"), "^read_labelled: .* Try: text="),
        (lambda: inlay.to_torch(TABLE, freeze=False), "^to_torch: .* Try: trainable=True"),
        (lambda: inlay.to_keras(TABLE, input_length=9), "Try: leave it out: the layer takes texts"),
    ],
)
def test_a_call_from_habit_is_told_what_to_write(call, message):
    with pytest.raises(ArgumentTypeError, match=message):
        call()


@pytest.mark.parametrize(
    "function",
    [word2vec, TextClassifier, Vocabulary, Vocabulary.from_texts, load, inlay.to_keras, compare],
)
def test_tooltips_show_the_arguments_that_there_are(function):
    parameters = inspect.signature(function).parameters.values()
    assert len(parameters) > 3
    assert not [p for p in parameters if p.kind is p.VAR_KEYWORD]


def test_what_a_function_itself_raises_is_left_alone():
    @refuses_unknown()
    def fail(a, *, b=0):
        raise TypeError("of its own")

    with pytest.raises(TypeError, match="of its own"):
        fail(1, b=2)


def test_a_missing_argument_is_named_with_what_to_give():
    @refuses_unknown({"b": "one of b"})
    def two(a, b, c=0, *, d=0):
        return a, b, c, d

    assert two(1, b=2, d=3) == (1, 2, 0, 3)
    with pytest.raises(ArgumentTypeError, match=r"^two: expected a and b, got no a\.$"):
        two(d=1)
    with pytest.raises(ArgumentTypeError, match=r"expected a and b, got no b\. Try: one of b"):
        two(1)
