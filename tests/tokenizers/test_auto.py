"""The look at a script; which libraries are here does not matter but where it says so."""

import re
import unicodedata
import warnings

import pytest

from inlay import Vocabulary
from inlay.errors import InlayWarning, MissingPackageError
from inlay.text import encode_corpus
from inlay.tokenizers import auto, settled

CHINESE = [
    "房间很好，早餐也不错，服务员的态度非常热情周到下次还会来。",
    "太差了，不好。",
] * 5
JAPANESE = [
    "この映画はとても面白かったです。",
    "つまらない、二度と見たくありません。",
] * 5
KOREAN = ["영화가 정말 재밌었어요", "별로였다 good"] * 5
THAI = ["ผมชอบภาพยนตร์เรื่องนี้มากเพราะสนุก"] * 5
ENGLISH = ["a good film, 很好", "a bad one"] * 5


@pytest.fixture(params=[True, False], ids=["installed", "missing"])
def installed(request, monkeypatch):
    def open_library(name):
        if not request.param:
            raise MissingPackageError("x", expected="", got="", hint=f'pip install "inlay[{name}]"')

    monkeypatch.setattr(auto, "get_tokenizer", open_library)
    return request.param


@pytest.mark.parametrize(
    ("texts", "best", "without"),
    [
        (CHINESE, "jieba", "characters"),
        (JAPANESE, "mecab", "characters"),
        (KOREAN, "kiwi", "words"),
        (THAI, "icu", "characters"),
        (ENGLISH, "words", "words"),
        ([["房间", "很好"]], "words", "words"),  # tokens already
        (["123", "!"], "words", "words"),
        ([], "words", "words"),
    ],
    ids="Chinese Japanese Korean Thai English tokens numbers none".split(),
)
def test_auto_chooses_by_the_script_and_says_so_once(texts, best, without, installed, capsys):
    chosen, same = settled("auto", iter(texts))
    assert chosen == (best if installed else without)
    assert list(same) == texts  # nothing that was looked at is lost
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert said.startswith(f"tokenizer 'auto': '{chosen}'")
    if best != chosen or (best != "words" and not installed):
        assert f'pip install "inlay[{best}]"' in said


def test_a_few_kana_make_it_japanese_and_one_in_passing_does_not(installed, capsys):
    news = "日本経済新聞社東京本社編集局長就任記者会見、株価が上昇しました"
    assert settled("auto", [news])[0] == ("mecab" if installed else "characters")
    assert settled("auto", ["优の良品店里的东西很好吃价格也便宜"])[0] != "mecab"
    said = capsys.readouterr().err.splitlines()
    assert ["Japanese" in line for line in said] == [True, False]


def test_the_choice_is_stored_under_its_real_name(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(auto, "chosen", lambda sample: "characters")
    assert Vocabulary.from_texts(CHINESE, tokenizer="auto").tokenizer == "characters"
    (tmp_path / "corpus.txt").write_text("\n".join(CHINESE), "utf-8")
    for corpus in (CHINESE, tmp_path / "corpus.txt"):
        encoded = encode_corpus(corpus, min_count=1, tokenizer="auto")
        assert (encoded.tokenizer, "房" in encoded.tokens) == ("characters", True)


@pytest.mark.parametrize("tokenizer", [None, "words", "lower", "split", "nfkc+words"])
@pytest.mark.parametrize(
    ("texts", "better", "n"),
    [(CHINESE, "jieba", 5), (JAPANESE, "mecab", 10), (THAI, "icu", 5)],
    ids="Chinese Japanese Thai".split(),
)
def test_words_that_are_whole_sentences_are_warned_of(texts, better, n, tokenizer, tmp_path):
    expected = rf"^{n} of {len(texts)} texts have words of up to \d+ letters .*'{better}'\.$"
    with pytest.warns(InlayWarning, match=expected):
        Vocabulary.from_texts(texts, tokenizer=tokenizer)
    (tmp_path / "corpus.txt").write_text("\n".join(texts), "utf-8")
    for corpus in (texts, tmp_path / "corpus.txt"):
        with pytest.warns(InlayWarning, match=expected):
            encode_corpus(corpus, min_count=1, tokenizer=tokenizer)


@pytest.mark.parametrize(
    ("texts", "n"),
    [
        (["这部电影非常好看", "酒店的房间很干净"], 2),
        (["房间很干净，服务也非常好！", "早餐太差"], 1),
        (["つまらない映画でした", "もう見ない"], 2),
        (["หนังดีมาก", "สนุกมาก", "ไม่ชอบ"], 2),
        (["a film", "a bad film", "这部电影非常好看"], 1),
    ],
    ids="Chinese punctuation Japanese Thai mixed".split(),
)
def test_so_are_short_texts_whose_words_are_clauses_on_average(texts, n):
    with pytest.warns(InlayWarning, match=f"^{n} of {len(texts)} texts ha(s|ve) words of up to"):
        settled("words", texts)


@pytest.mark.parametrize("tokenizer", [None, "characters", "ngrams:2", list])
@pytest.mark.parametrize(
    "texts",
    [
        ["中华人民共和国 的 电影 非常 好看", "弗拉基米尔 喜欢 这 部 电影"],
        ["コンピューター で プログラミング を し ます"],
        ["ฉัน ชอบ ภาพยนตร์ เรื่อง นี้"],
        ["画蛇添足", "守株待兔"],  # words, each a text
        ["房间 很 好 ， 早餐 也 不错 ， 服务员 的 态度 非常 热情"],  # split already
        [["房间很好早餐也不错服务员的态度"]],  # tokens
        KOREAN,
        ENGLISH,
        ["a film"] * 19 + CHINESE[:1],  # a few among many
        ["a film"] * 19 + ["cafe\u0301"],
        [],
    ],
)
def test_nothing_is_said_of_other_texts(texts, tokenizer):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert settled(tokenizer, texts) == (tokenizer or "words", texts)


IN_PARTS = [unicodedata.normalize("NFD", text) for text in KOREAN]


@pytest.mark.parametrize("tokenizer", ["words", "lower+split", "characters", "ngrams:2"])
@pytest.mark.parametrize("texts", [IN_PARTS, ["cafe\u0301", *["a cafe"] * 9]])
def test_letters_in_parts_are_warned_of_and_the_remedy_is_one(texts, tokenizer):
    n = sum(not unicodedata.is_normalized("NFC", text) for text in texts)
    expected = (
        rf"^{n} of 10 texts holds? decomposed letters.*tokenizer='nfc\+{re.escape(tokenizer)}'\.$"
    )
    with pytest.warns(InlayWarning, match=expected):
        settled(tokenizer, texts)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for better in (f"nfc+{tokenizer}", f"nfkc+{tokenizer}"):
            assert settled(better, texts) == (better, texts)


def test_auto_knows_letters_in_parts_and_warns_where_nothing_composes_them(installed, capsys):
    if installed:
        assert settled("auto", IN_PARTS) == ("kiwi", IN_PARTS)
    else:
        with pytest.warns(InlayWarning, match=r"Try: tokenizer='nfc\+words'\.$"):
            assert settled("auto", IN_PARTS) == ("words", IN_PARTS)
    assert "Korean" in capsys.readouterr().err


def test_other_tokenizers_may_have_whole_sentences():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for tokenizer in ("characters", "unwrap+words", str.split):
            assert settled(tokenizer, CHINESE) == (tokenizer, CHINESE)


def test_only_a_sample_is_looked_at():
    taken = []
    texts = (taken.append(i) or "a film" for i in range(100_000))
    settled("auto", texts)
    assert len(taken) == auto.SAMPLE
