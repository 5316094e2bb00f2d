"""What strings become in a graph of TensorFlow; run by test_embedding.py."""

import lzma
import random
import unicodedata

import keras
import numpy as np
import pytest
import tensorflow as tf

from inlay import Vocabulary
from inlay.core import HashingVocabulary, TextToIds
from inlay.errors import ArgumentError, ArgumentTypeError
from inlay.layers.tensorflow.text import TextModule
from inlay.layers.tensorflow.tokens import Tokens
from inlay.layers.tensorflow.unicode import composed
from inlay.tokenizers import get_tokenizer
from inlay.tokenizers.letters import lettered
from inlay.tokenizers.normalise import STEPS
from tests.data import shared

ENGLISH = ["A good film, isn't it?", "THE worst film of all", "good"]
KOREAN = ["이 영화가 정말 재미있었다! ㅋㅋㅋ", "최악의 영화", "영화가 좋아요"]
CHINESE = ["房间很干净，服务也非常好！", "早餐太差", "房间 很好 👍🏽"]
TEXTS = ENGLISH + KOREAN + CHINESE
IN_GRAPH = ["words", "lower", "split", "characters", "ngrams:1", "ngrams:2", "lower+ngrams:3"]
IN_GRAPH += ["nfc+words", "nfkc+lower+characters"]
CHARACTERS = (
    "aZkſK_9'’.éEͅ\u0301\u0e33ΣσςΑİıǅﬁ１\u200c\u200d\xad가ㅋ\u1100\u1161\u11a8\ud7b0\ua960हि中，。\U00010400\U0001e900"
    "👍🏽👩\u200d🦰🇰🇷❤\ufe0f#\u20e3\U000e0061\U000e0100\ufeff\uffff\U0010ffff\x00 \t\x1c\x85\u3000"
)
# Code points that no text has. TensorFlow 2.18 writes them as U+FFFD.
NO_CHARACTERS = {*range(0xFDD0, 0xFDF0)} | {
    p + e for p in range(0, 0x110000, 0x10000) for e in (0xFFFE, 0xFFFF)
}
KEPT = tf.strings.unicode_encode([0xFDD0], "UTF-8").numpy().decode() == "\ufdd0"
STRINGS = [tf.TensorSpec([None], tf.string)]


def told(text):
    """A text without what this TensorFlow does not tell apart."""
    return text if KEPT else "".join(c for c in text if ord(c) not in NO_CHARACTERS)


def any_texts(n, seed):
    """Texts of the characters that tokenizers tell apart, and of any others."""
    draw = random.Random(seed)
    others = [chr(c) for c in range(0x3000) if not 0xD800 <= c < 0xE000]
    for i in range(n):
        pool = CHARACTERS if i % 3 else others
        yield "".join(draw.choice(pool) for _ in range(draw.randrange(12)))


@pytest.mark.parametrize("name", IN_GRAPH)
def test_tokens_are_those_of_the_tokenizer_for_any_text(name):
    texts = [*TEXTS, *any_texts(2000, seed=1), "", "ΑΣ ΣΑΣ ΑΣ.Β ΑΣ.", "\u0301ΑΣ", "ΑΣ\u0301"]
    texts = list(map(told, texts))
    found = Tokens(lettered(name))(tf.constant(texts)).to_list()
    split = get_tokenizer(name)
    for text, tokens in zip(texts, found, strict=True):
        assert [token.decode() for token in tokens] == split(text), ascii(text)


@pytest.mark.parametrize("form", ["nfc", "nfkc"])
def test_forms_are_those_of_unicodedata(form):
    """Of characters that join, in any order, of old Hangul, and of each one that there is."""
    draw = random.Random(2)
    every = [chr(c) for c in range(0x30000) if not 0xD800 <= c < 0xE000]
    marks = [c for c in every if unicodedata.combining(c)]
    parts = [c for c in every if unicodedata.decomposition(c)]
    hangul = [chr(c) for c in range(0x1100, 0x1200)] + [*"가각힣ㅋㄱ\u3164ﾡ㈀"]
    pools = [marks, parts, hangul, "aeiouAE ;Σ"]
    texts = ["".join(draw.choice(draw.choice(pools)) for _ in range(i % 14)) for i in range(4000)]
    texts += ["".join(draw.choice(hangul) for _ in range(9)) for _ in range(500)]
    texts += [unicodedata.normalize("NFD", text) for text in TEXTS] + ["\u0301", "\u0327\u0301a"]
    texts += parts + marks + ["".join(every[at : at + 512]) for at in range(0, len(every), 512)]
    texts = list(map(told, texts))
    codes = tf.strings.unicode_decode(tf.constant(texts), "UTF-8")
    found = tf.strings.unicode_encode(composed(codes, form), "UTF-8").numpy()
    for text, normal in zip(texts, found, strict=True):
        assert normal.decode() == STEPS[form](text), ascii(text)


def test_each_character_of_a_script_with_case_or_marks():
    ranges = (0x3100,), (0xA640, 0xAC00), (0xFB00, 0x10500), (0x1E900, 0x1F700)
    every = [chr(c) for some in ranges for c in range(*some)]
    texts = ["a" + "Σ".join(every[at : at + 512]) for at in range(0, len(every), 512)]
    texts += ["".join(every[at : at + 512]) for at in range(0, len(every), 512)]
    texts = list(map(told, texts))
    for name in ("lower", "ngrams:2"):
        found = Tokens(lettered(name))(tf.constant(texts)).to_list()
        split = get_tokenizer(name)
        assert [[t.decode() for t in tokens] for tokens in found] == [split(t) for t in texts]


@pytest.mark.parametrize(
    "parts",
    [
        ("nsmc-derived", "dev.tsv"),
        ("zh-reviews", "ChnSentiCorp_htl_all", "ChnSentiCorp_htl_all.csv"),
        ("imdb", "imdb_unsup.txt.xz"),
    ],
    ids=["ko", "zh", "en"],
)
def test_real_texts(parts):
    texts = real(shared(*parts))
    for name in ("lower+characters", "lower+ngrams:2"):
        vocab = Vocabulary.from_texts(texts[::2], max_size=2000, tokenizer=name)
        to_ids = TextToIds(vocab, max_length=80)
        np.testing.assert_array_equal(TextModule(to_ids)(texts), to_ids(texts))


def real(path):
    opened = lzma.open if path.suffix == ".xz" else open
    with opened(path, "rt", encoding="utf-8") as lines:
        return [line for line, _ in zip(lines, range(200), strict=False)]


VOCABS = {
    "list": Vocabulary.from_texts(TEXTS[::2], tokenizer="lower"),
    "other ids": Vocabulary.from_texts(TEXTS[::2], pad_id=5, unk_id=2, tokenizer="characters"),
    "hashes": HashingVocabulary(50, tokenizer="ngrams:2"),
    "many hashes": HashingVocabulary(2**31),
}


@pytest.mark.parametrize("in_python", [False, True])
@pytest.mark.parametrize("vocab", VOCABS.values(), ids=VOCABS)
def test_ids_are_those_of_to_ids(vocab, in_python):
    to_ids = TextToIds(vocab)
    module = TextModule(to_ids, in_python=in_python)
    for texts in (TEXTS, ["", " "], []):
        found = module(tf.constant(texts, tf.string)).numpy()
        assert (found.shape, found.dtype) == (to_ids(texts).shape, np.int32)
        np.testing.assert_array_equal(found, to_ids(texts))


@pytest.mark.parametrize("length", [1, 4, 20])
@pytest.mark.parametrize(("truncate", "side"), [("start", "end"), ("end", "start")])
def test_length_and_sides_are_those_of_to_ids(length, truncate, side):
    to_ids = TextToIds(VOCABS["list"], max_length=length, truncate=truncate, pad_side=side)
    np.testing.assert_array_equal(TextModule(to_ids)(TEXTS), to_ids(TEXTS))


@pytest.mark.parametrize("in_python", [False, True])
def test_in_a_function_and_in_a_pipeline(in_python, caplog):
    to_ids = TextToIds(VOCABS["list"], max_length=4, pad_side="start")
    module = TextModule(to_ids, in_python=in_python)
    function = tf.function(module, input_signature=STRINGS)
    assert function.get_concrete_function().output_shapes == (None, 4)
    np.testing.assert_array_equal(function(tf.constant(TEXTS)), to_ids(TEXTS))
    texts = tf.data.Dataset.from_tensor_slices(TEXTS)
    batches = texts.batch(4).map(module, num_parallel_calls=2)
    assert batches.element_spec == tf.TensorSpec((None, 4), tf.int32)
    np.testing.assert_array_equal(np.concatenate([*batches]), to_ids(TEXTS))
    np.testing.assert_array_equal([*texts.map(module)], to_ids(TEXTS))  # one string at a time
    assert "AutoGraph" not in caplog.text


def test_shapes_and_ragged_ids():
    to_ids = TextToIds(VOCABS["list"], max_length=3)
    module, ragged = TextModule(to_ids), TextModule(to_ids, ragged=True)
    expected = to_ids(TEXTS)
    for texts in (TEXTS, np.array(TEXTS), np.array(TEXTS, object), tf.constant(TEXTS)[:, None]):
        np.testing.assert_array_equal(module(texts), expected)
    assert module("film").numpy().tolist() == to_ids(["film"])[0].tolist()
    rows = ragged(TEXTS)
    assert rows.to_list() == [[i for i in row if i != 0] for row in expected.tolist()]
    assert isinstance(rows, tf.RaggedTensor)


def test_a_saved_model_has_tables_of_its_own(tmp_path):
    to_ids = TextToIds(VOCABS["list"], max_length=4)
    model = tf.Module()
    model.part = TextModule(to_ids)
    model.serve = tf.function(model.part, input_signature=STRINGS)
    tf.saved_model.save(model, str(tmp_path / "model"))
    del model.part, model.serve
    serve = tf.saved_model.load(str(tmp_path / "model")).serve
    np.testing.assert_array_equal(serve(tf.constant(TEXTS)), to_ids(TEXTS))


def test_a_saved_model_refuses_to_call_python(tmp_path):
    model = tf.Module()
    model.part = TextModule(TextToIds(VOCABS["hashes"]), in_python=True)
    model.serve = tf.function(model.part, input_signature=STRINGS)
    with pytest.raises(ArgumentError, match="in_python: expected False in a SavedModel"):
        tf.saved_model.save(model, str(tmp_path / "model"))
    tf.train.Checkpoint(model=model).save(str(tmp_path / "checkpoint"))  # which holds no graph


def test_bytes_that_are_no_text():
    draw = random.Random(0)
    some = [
        b"a \xff",
        b"\xed\xa0\x80",
        b"\xf0\x9f\x91",
        b"\xef\xbb\xbfa",
        b"\xc3",
        b"\xf4\x90\x80\x80",
    ]
    some += [
        bytes(draw.choice(b"aZ \xc3\xa9\xe3\x81\xf0\x9f\xff\xed\xa0\xc0\x80") for _ in range(6))
        for _ in range(300)
    ]
    to_ids = TextToIds(HashingVocabulary(2**31, tokenizer="characters"), max_length=6)
    decoded = [text.decode("utf-8", "replace") for text in some]
    for in_python in (False, True):
        found = TextModule(to_ids, in_python=in_python)(tf.constant(some))
        np.testing.assert_array_equal(found, to_ids(decoded))


def test_a_token_that_is_not_there_and_no_pad():
    bare = Vocabulary(["a", "b"], pad=None, unk=None)
    module = TextModule(TextToIds(bare))
    assert module(["a b", "b a"]).numpy().tolist() == [[0, 1], [1, 0]]
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"(?s)no unk token, got.*zebra"):
        module(["a zebra"])
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"(?s)there is no pad id, got.*1, 2"):
        module(["a", "a b"])
    cut = TextToIds(bare, max_length=1)
    assert TextModule(cut)(["a zebra"]).numpy().tolist() == cut(["a zebra"]).tolist() == [[0]]
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"there is no pad id"):
        TextModule(cut)([""])


@pytest.mark.parametrize("tokenizer", ["unwrap+split", str.split, lambda t: [t]])
def test_what_no_graph_can_run_is_refused_unless_python_may(tokenizer):
    to_ids = TextToIds(Vocabulary(["a", "film"], tokenizer=tokenizer), max_length=3)
    with pytest.raises(ArgumentError, match=r"expected one that a graph .* Try: in_python=True"):
        TextModule(to_ids)
    function = tf.function(TextModule(to_ids, in_python=True), input_signature=STRINGS)
    np.testing.assert_array_equal(
        function(tf.constant(["a film", "b", ""])), to_ids(["a film", "b", ""])
    )


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ([1, 2], "expected strings"),
        ([None], "expected strings"),
        (np.array(["a", None], object), "expected strings"),
        (["\ud800"], "expected strings"),
        (tf.constant([1]), "expected strings"),
        ([["a", "b"]], r"expected strings \(n,\) or \(n, 1\), got strings \(1, 2\)"),
    ],
)
def test_what_is_no_text_is_refused(texts, message):
    with pytest.raises((ArgumentTypeError, ArgumentError), match=message):
        TextModule(TextToIds(VOCABS["list"]))(texts)


# -- where others have the same rules -------------------------------------------------------------

# Punctuation and capital letters beyond ASCII aside, see below, all three split at spaces.
SPACED = [
    "a good film",
    "THE worst film",
    "이 영화가 정말 좋아요 ㅋㅋㅋ",
    "최악의 영화",
    "房间 很好",
    "unheard words",
]


def vectorize(vocab, **settings):
    return keras.layers.TextVectorization(vocabulary=vocab.tokens[2:], **settings)


@pytest.mark.parametrize("length", [None, 3])
def test_keras_text_vectorization_agrees(length):
    """Words in lower case, split at spaces, and characters of texts without them."""
    words = Vocabulary.from_texts(SPACED[:-1], tokenizer="lower")
    theirs = vectorize(words, standardize="lower", output_sequence_length=length)
    ours = TextModule(TextToIds(words, max_length=length))
    np.testing.assert_array_equal(ours(SPACED), theirs(tf.constant(SPACED)))
    stripped = vectorize(words, output_sequence_length=length)  # the default, no punctuation here
    np.testing.assert_array_equal(ours(SPACED), stripped(tf.constant(SPACED)))
    texts = [text.replace(" ", "") for text in SPACED]
    letters = Vocabulary.from_texts(texts[:-1], tokenizer="characters")
    theirs = vectorize(letters, standardize=None, split="character", output_sequence_length=length)
    ours = TextModule(TextToIds(letters, max_length=length))
    np.testing.assert_array_equal(ours(texts), theirs(tf.constant(texts)))


def test_a_static_vocabulary_table_agrees():
    """Its ids of unknown words come behind all others, so `unk_id` must."""
    vocab = Vocabulary(["영화가", "房间", "good", "film"], pad_id=0, unk_id=5, tokenizer="split")
    keys = tf.constant(vocab.tokens[:5])
    table = tf.lookup.StaticVocabularyTable(
        tf.lookup.KeyValueTensorInitializer(keys, tf.range(5, dtype=tf.int64)), 1
    )
    theirs = table.lookup(tf.strings.split(tf.constant(SPACED))).to_tensor(0)
    np.testing.assert_array_equal(TextModule(TextToIds(vocab))(SPACED), theirs)
    assert 5 in theirs.numpy()


def test_where_the_rules_differ():
    """What the page says."""

    def theirs(text, **settings):
        layer = keras.layers.TextVectorization(**settings, output_mode="int")
        layer.adapt([text])
        return [word for word in layer.get_vocabulary() if word not in ("", "[UNK]")]

    lower, words, characters = map(get_tokenizer, ("lower", "words", "characters"))
    assert theirs("don't!") == ["dont"]
    assert lower("don't!") == ["don't", "!"]
    assert theirs("房间很好！") == ["房间很好！"]
    assert words("房间很好！") == ["房间很好", "！"]
    assert theirs("CAFÉ") == ["cafÉ"]
    assert lower("CAFÉ") == ["café"]
    assert theirs("好\u3000吃") == ["好\u3000吃"]
    assert words("好\u3000吃") == ["好", "吃"]
    assert sorted(theirs("a b", split="character")) == [" ", "a", "b"]
    assert characters("a b") == ["a", "b"]
    assert len(theirs("👍🏽", split="character")) == 2
    assert characters("👍🏽") == ["👍🏽"]


def test_what_is_no_text_to_ids():
    with pytest.raises(ArgumentTypeError, match="to_ids: expected a TextToIds, got Vocabulary"):
        TextModule(Vocabulary(["a"]))
    with pytest.raises(ArgumentTypeError, match="name: expected a string"):
        TextModule(TextToIds(Vocabulary(["a"])), name=3)
