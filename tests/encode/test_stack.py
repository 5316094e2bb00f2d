"""Several encoders as one."""

import json

import numpy as np
import pytest

from inlay import Table
from inlay.encode import EncoderStack, FunctionEncoder, load_encoder, stack
from inlay.encode.elmo import Elmo, Weights
from inlay.encode.static import StaticEncoder
from inlay.errors import ArgumentError, ArgumentTypeError, FormatError, UnsupportedError
from tests.conformance.check_encoder import check_encoder
from tests.conformance.encoders import Tiny, letters
from tests.encode.elmo.test_network import TINY
from tests.encode.features_fake import Fake, Plain
from tests.encode.static import test_files

TEXTS = ["a good film", "", "good xyzzy film ."]
WEIGHTS = Weights.random(TINY, 3)


def table(dim=3):
    words = ["a", "good", "film", ".", "bad", "long", "영화였다", "房间很干净", "great"]
    rng = np.random.default_rng(dim)
    return Table(words, rng.normal(size=(len(words), dim)).astype(np.float32))


def test_vectors_stand_side_by_side_or_are_averaged():
    a, b = Tiny(4), Tiny(6)
    both = stack([a, b])
    assert (both.dim, both.pools, both.n_layers) == (10, ("mean", "max"), 1)
    for pool in both.pools:
        parts = [e.encode(TEXTS, pool=pool) for e in (a, b)]
        np.testing.assert_array_equal(both.encode(TEXTS, pool=pool), np.hstack(parts))
    mean = stack([a, b], "mean")
    longer = np.pad(a.encode(TEXTS), [(0, 0), (0, 2)])
    np.testing.assert_allclose(mean.encode(TEXTS), (longer + b.encode(TEXTS)) / 2, atol=1e-7)
    unit = stack([a, b], normalize=True).encode(TEXTS)
    np.testing.assert_allclose(unit[0, :4], a.encode(TEXTS, normalize=True)[0], atol=1e-7)
    np.testing.assert_allclose(np.linalg.norm(unit, axis=1), [2**0.5, 0, 2**0.5], atol=1e-6)


def test_each_part_splits_a_text_in_its_own_way_and_tokens_are_those_of_the_first():
    static, elmo = stack([table()]).parts[0], Elmo(TINY, WEIGHTS, tokenizer="split")
    both = stack([elmo, table()])
    text = "a good film."
    expected = np.hstack([elmo.encode([text]), static.encode([text])])
    np.testing.assert_array_equal(both.encode([text]), expected)
    assert both.tokenize(text) == ["a", "good", "film."]
    vectors, mask = both.tokens([text, "a"])
    assert mask.tolist() == [[True] * 3, [True, False, False]]
    np.testing.assert_array_equal(vectors[..., : elmo.dim], elmo.tokens([text, "a"])[0])
    np.testing.assert_array_equal(vectors[0, :2, elmo.dim :], table()[["a", "good"]])
    assert not vectors[0, 2, elmo.dim :].any()


def test_parts_with_pools_of_their_own():
    both = stack([Tiny(), FunctionEncoder(letters, name="l"), Plain()])
    assert both.pools == ("default",)
    assert not both.has_tokens
    with pytest.raises(UnsupportedError, match="a vector for each token"):
        both.tokenize("a")
    assert both.encode(TEXTS).shape == (3, both.dim)
    only = stack([table(), letters])
    assert only.pools[0] == "mean"


def test_parts_of_others_have_tokens_too():
    both = stack([Fake(), Tiny()])
    vectors, _ = both.tokens(TEXTS)
    np.testing.assert_array_equal(vectors[..., :4], Fake().tokens(TEXTS)[0])


def test_a_part_that_cuts_differently_is_an_error():
    class Odd(Tiny):
        def _layers(self, texts):
            return (layers[:, :1] for layers in super()._layers(texts))

    with pytest.raises(ArgumentError, match="for each of 3 tokens from every part, got 3 and 1"):
        stack([Tiny(), Odd()]).tokens(TEXTS)
    cut = stack([Tiny(max_length=5), Tiny(max_length=2)])
    assert cut.max_length == 2
    assert cut.tokenize("a good film") == ["a", "good"]


@pytest.mark.parametrize("how", ["concat", "mean"])
def test_the_contract(how, tmp_path):
    pytest.importorskip("h5py")

    def make():
        return stack([table(4), Elmo(TINY, WEIGHTS, tokenizer="lower", max_length=900)], how)

    check_encoder(make, tmp_path, split=False, means=False, words=2_000)


def test_names_of_parts_and_what_they_depend_on():
    assert stack([Tiny(4), Tiny(6)]).hash != stack([Tiny(6), Tiny(4)]).hash
    assert stack([Tiny(4)]).hash != stack([Tiny(4)], "mean").hash
    assert stack([Tiny(4)]).hash != stack([Tiny(4)], normalize=True).hash
    one, other = (stack([table(), Elmo(TINY, WEIGHTS, tokenizer=t)]) for t in ("words", "lower"))
    assert one.hash == other.hash
    assert one.settings["parts"] != other.settings["parts"]
    assert stack([Tiny(), Elmo(TINY, WEIGHTS, tokenizer=str.split)]).settings["tokenizer"] is None
    assert stack([Plain()]).settings["parts"] == [{}]


def test_a_function_in_a_saved_stack_is_not_imported(tmp_path):
    pytest.importorskip("h5py")
    for tokenizer, match in ((json.loads, "to be given"), (lambda text: [text], "no file could")):
        saved = stack([Elmo(TINY, WEIGHTS, tokenizer=tokenizer), table()])
        saved.save(tmp_path / "saved")
        again = load_encoder(tmp_path / "saved")
        assert again.hash == saved.hash
        with pytest.raises(ArgumentError, match=match):
            again.encode(["a film"])


def test_a_part_with_a_tokenizer_of_a_file_is_saved_with_it(tmp_path):
    pytest.importorskip("tokenizers")
    (tmp_path / "mine.json").write_text(json.dumps(test_files.tokenizer()))
    static = StaticEncoder(table(), tokenizer=tmp_path / "mine.json")
    (tmp_path / "elsewhere").mkdir()
    for saved in (stack([table(), static]), stack([stack([table(), static]), table()])):
        saved.save(tmp_path / "elsewhere" / "saved")
        again = load_encoder(tmp_path / "elsewhere" / "saved")
        assert again.settings == saved.settings
        np.testing.assert_array_equal(again.encode(TEXTS), saved.encode(TEXTS))


def test_what_an_object_of_the_users_gives_is_looked_at():
    class Turned(Plain):
        def encode(self, texts):
            return super().encode(texts).T

    for how in ("concat", "mean"):
        with pytest.raises(ArgumentError, match=r"numbers of shape \(3, 2\).*shape \(2, 3\)"):
            stack([Turned(), Plain()], how).encode(TEXTS)


def test_settings_reach_the_parts_that_take_them(tmp_path):
    pytest.importorskip("h5py")
    stack([Elmo(TINY, WEIGHTS, max_length=7), table()]).save(tmp_path / "saved")
    elmo, static = load_encoder(tmp_path / "saved", workers=3).parts
    assert (elmo.workers, elmo.max_length) == (3, 7)
    assert static.max_length is None


def test_functions_without_a_name_are_asked_for_no_hash():
    both = stack([lambda texts: np.ones((len(texts), 1))] * 2)
    assert not both.has_tokens
    with pytest.raises(UnsupportedError, match=r"EncoderStack\.tokenize"):
        both.tokenize("a film")


def test_what_cannot_be_stacked(tmp_path):
    with pytest.raises(ArgumentError, match="encoders: expected at least one encoder"):
        stack([])
    with pytest.raises(ArgumentError, match="how: expected 'concat' or 'mean'"):
        stack([Tiny()], "sum")
    for one in (Tiny(), table()):
        with pytest.raises(ArgumentTypeError, match=r"encoders: .*Try: stack\(\[a, b\]\)"):
            stack(one)
    with pytest.raises(ArgumentTypeError, match="encoder 1: expected an encoder"):
        stack([Tiny(), 3])
    for one in (Plain(), letters):
        with pytest.raises(UnsupportedError, match="can be saved"):
            stack([Tiny(), one]).save(tmp_path / "saved")
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize("change", [{"parts": []}, {"parts": 3}, {"how": "x"}, {"version": 2}])
def test_a_damaged_folder(tmp_path, change):
    stack([table(), table()]).save(tmp_path / "saved")
    file = tmp_path / "saved" / "encoder.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    with pytest.raises((FormatError, ArgumentError)):
        load_encoder(tmp_path / "saved")


def test_its_look():
    assert repr(stack([Tiny(4), Tiny(6)])) == "EncoderStack(Tiny, Tiny, 'concat', dim 10)"
    assert isinstance(stack([Tiny()]), EncoderStack)
