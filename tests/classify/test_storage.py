import copy
import hashlib
import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as st
from safetensors.numpy import load_file

pytest.importorskip("keras")

import keras

from inlay import TextClassifier
from inlay.bytes import writing
from inlay.errors import (
    ArgumentError,
    ArgumentTypeError,
    FormatError,
    InlayError,
    MissingFileError,
    NotFittedError,
)

SRC = Path(__file__).resolve().parents[2] / "src"
TEXTS = ["a good film", "", "bad and dull", "superb", "zzz", "good " * 30]
ELSEWHERE = """
import json, sys, warnings
warnings.simplefilter("error")
from inlay import TextClassifier
model = TextClassifier.load(sys.argv[1])
import keras
answer = {"backend": keras.backend.backend(), "proba": model.predict_proba(%r).tolist()}
print(json.dumps(answer))
"""


@pytest.fixture(scope="module")
def fitted(reviews, vectors):
    settings = {"epochs": 3, "learning_rate": 0.01, "validation": None, "variant": "multichannel"}
    return TextClassifier(vectors, **settings).fit(*reviews)


@pytest.fixture(scope="module")
def small(reviews):
    settings = {"model": "mean", "dim": 2, "epochs": 1, "validation": None}
    return TextClassifier(**settings).fit(*reviews)


@pytest.fixture
def saved(fitted, tmp_path):
    fitted.save(tmp_path / "model")
    return tmp_path / "model"


def test_a_folder_of_plain_files_gives_the_same_answers(fitted, saved):
    names = ["settings.json", "vocabulary.json", "weights.safetensors"]
    assert sorted(path.name for path in saved.iterdir()) == names
    loaded = TextClassifier.load(saved)
    np.testing.assert_allclose(loaded.predict_proba(TEXTS), fitted.predict_proba(TEXTS), atol=1e-6)
    assert loaded.predict(TEXTS).tolist() == fitted.predict(TEXTS).tolist()
    assert loaded.n_trainable_ == fitted.n_trainable_
    np.testing.assert_array_equal(loaded.table_.vectors, fitted.table_.vectors)
    assert loaded.get_params()["learning_rate"] == 0.01


@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_another_backend_gives_the_same_answers(fitted, saved, backend):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"no {backend} here")
    if backend == keras.backend.backend():
        pytest.skip("the backend of this process")
    run = subprocess.run(
        [sys.executable, "-c", ELSEWHERE % TEXTS, str(saved)],
        env=os.environ | {"KERAS_BACKEND": backend, "PYTHONPATH": str(SRC)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    answer = json.loads(run.stdout.splitlines()[-1])
    assert answer["backend"] == backend
    np.testing.assert_allclose(answer["proba"], fitted.predict_proba(TEXTS), atol=1e-5)


def test_saving_again_replaces_a_saved_classifier_and_nothing_else(fitted, saved):
    fitted.save(saved)
    mine = saved.parent / "thesis"
    mine.mkdir()
    (mine / "chapter.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(ArgumentError, match="it stays as it is"):
        fitted.save(mine)
    assert (mine / "chapter.txt").read_text(encoding="utf-8") == "years of work"
    with pytest.raises(ArgumentError, match="it stays as it is"):
        fitted.save(mine / "chapter.txt")
    extra = saved / "notes.txt"
    extra.write_text("mine", encoding="utf-8")
    with pytest.raises(ArgumentError, match=r"notes\.txt"):
        fitted.save(saved)
    assert extra.exists()


def test_before_fit_there_is_nothing_to_save(tmp_path):
    with pytest.raises(NotFittedError):
        TextClassifier().save(tmp_path / "model")
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize("name", ["settings.json", "vocabulary.json", "weights.safetensors"])
@pytest.mark.parametrize("how", ["cut", "gone", "html"])
def test_damaged_folders(saved, name, how):
    path = saved / name
    if how == "gone":
        path.unlink()
    elif how == "cut":
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    else:
        path.write_text("<html>not found</html>", encoding="utf-8")
    with pytest.raises((FormatError, MissingFileError), match=name.partition(".")[0]):
        TextClassifier.load(saved)


def test_what_is_no_folder(tmp_path):
    with pytest.raises(MissingFileError):
        TextClassifier.load(tmp_path / "none")
    with pytest.raises(FormatError, match=r"settings\.json"):
        TextClassifier.load(tmp_path)


def test_what_is_no_path(small):
    for path in (b"x", 3, None):
        for use in (TextClassifier.load, small.save):
            with pytest.raises(ArgumentTypeError, match="path: expected a path, as a string"):
                use(path)


def test_a_folder_does_not_get_the_name_of_a_file(small, tmp_path):
    for name in ("m.h5", "m.keras", "m.PKL"):
        with pytest.raises(ArgumentError, match=r"a folder to write, got one that ends .*m'\."):
            small.save(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_weights_of_another_model_are_refused(fitted, saved):
    settings = json.loads((saved / "settings.json").read_text(encoding="utf-8"))
    settings["model"] = "mean"
    (saved / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    with pytest.raises(FormatError, match="expected arrays of shapes"):
        TextClassifier.load(saved, verify=False)


def test_functions_of_ones_own_are_asked_for(reviews, tmp_path):
    def model(vectors, mask, n_classes):
        del mask
        return keras.layers.Dense(n_classes)(keras.ops.max(vectors, axis=1))

    def tokenizer(text):
        return text.split("o")

    settings = {"dim": 4, "epochs": 1, "validation": None}
    fitted = TextClassifier(model=model, tokenizer=tokenizer, **settings).fit(*reviews)
    fitted.save(tmp_path / "m")
    with pytest.raises(ArgumentError, match=r"load\(path, model=\.\.\.\)"):
        TextClassifier.load(tmp_path / "m", tokenizer=tokenizer)
    with pytest.raises(ArgumentError, match=r"load\(path, tokenizer=\.\.\.\)"):
        TextClassifier.load(tmp_path / "m", model=model)
    loaded = TextClassifier.load(tmp_path / "m", model=model, tokenizer=tokenizer)
    np.testing.assert_allclose(loaded.predict_proba(TEXTS), fitted.predict_proba(TEXTS), atol=1e-6)


def test_labels_that_are_numbers_stay_numbers(saved, reviews, tmp_path):
    settings = {"model": "mean", "dim": 4, "epochs": 1, "validation": None}
    fitted = TextClassifier(**settings).fit(
        reviews[0], [len(label) + i % 2 for i, label in enumerate(reviews[1])]
    )
    fitted.save(tmp_path / "numbers")
    loaded = TextClassifier.load(tmp_path / "numbers")
    assert loaded.classes_.dtype == fitted.classes_.dtype
    assert loaded.classes_.tolist() == [3, 4]


FAILS = {
    "vocabulary": "inlay.core.vocabulary.Vocabulary.save",
    "weights": "inlay.containers.safetensors.write",
    "settings": "pathlib.Path.write_text",
    "the last step": "pathlib.Path.replace",
}


@pytest.mark.parametrize("at", FAILS)
@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError(28, "No space left on device")])
def test_a_save_that_fails_leaves_the_old_one(fitted, saved, small, monkeypatch, at, error):
    before = {path.name: path.read_bytes() for path in saved.iterdir()}

    def fails(*args, **kwargs):
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(FAILS[at], fails)
        with pytest.raises(type(error) if isinstance(error, OSError) else error):
            small.save(saved)
    assert {path.name: path.read_bytes() for path in saved.iterdir()} == before
    assert [path.name for path in saved.parent.iterdir()] == [saved.name]
    np.testing.assert_allclose(
        TextClassifier.load(saved).predict_proba(TEXTS), fitted.predict_proba(TEXTS), atol=1e-6
    )


@pytest.mark.skipif(sys.platform == "win32", reason="dead processes are not known there")
def test_a_save_that_was_killed_between_two_names_is_mended_by_who_reads_next(fitted, saved):
    ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], stdout=-1)
    name = writing._part_of(saved).with_suffix(".old").name
    pid = ended.stdout.decode().strip()
    saved.rename(saved.with_name(name.replace(f"_{os.getpid()}_", f"_{pid}_")))
    assert TextClassifier.load(saved).predict(TEXTS).tolist() == fitted.predict(TEXTS).tolist()


# Damage that no parser sees, and damage that every parser must.


def test_digests_are_of_each_array_and_of_the_other_files(saved):
    settings = json.loads((saved / "settings.json").read_text(encoding="utf-8"))
    digests = settings.pop("digests")
    arrays = load_file(saved / "weights.safetensors")
    expected = {name: hashlib.sha256(array.tobytes()) for name, array in arrays.items()}
    expected["vocabulary.json"] = hashlib.sha256((saved / "vocabulary.json").read_bytes())
    expected["settings.json"] = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    assert digests == {name: found.hexdigest() for name, found in expected.items()}


@pytest.mark.parametrize(
    ("name", "at"), [("weights.safetensors", -1), ("weights.safetensors", -9000)]
)
def test_a_flipped_bit_is_noticed_unless_it_is_not_looked_for(fitted, saved, name, at):
    data = bytearray((saved / name).read_bytes())
    data[at] ^= 1
    (saved / name).write_bytes(data)
    with pytest.raises(FormatError, match=rf"{name}: expected the digests.*verify=False"):
        TextClassifier.load(saved)
    loaded = TextClassifier.load(saved, verify=False)
    assert loaded.classes_.tolist() == fitted.classes_.tolist()
    with pytest.raises(ArgumentTypeError, match="verify: expected True or False"):
        TextClassifier.load(saved, verify=1)


def test_another_word_in_the_vocabulary_is_noticed(saved):
    path = saved / "vocabulary.json"
    path.write_text(path.read_text(encoding="utf-8").replace("superb", "superd"), encoding="utf-8")
    with pytest.raises(FormatError, match=r"vocabulary\.json: expected the digests"):
        TextClassifier.load(saved)
    assert "superd" in TextClassifier.load(saved, verify=False).vocabulary_


def test_another_letter_in_the_name_of_a_class_is_noticed(written):
    folder, content = written
    renamed = content | {"classes": [f"{name}s" for name in content["classes"]]}
    (folder / "settings.json").write_text(json.dumps(renamed), encoding="utf-8")
    with pytest.raises(FormatError, match=r"settings\.json: expected the digests"):
        TextClassifier.load(folder)
    assert TextClassifier.load(folder, verify=False).classes_.tolist() == renamed["classes"]


@pytest.mark.parametrize("depth", [900, 40_000])  # Python 3.14 can read the second, not write it
def test_deep_settings_are_no_strangers_error(written, depth):
    folder, content = written
    text = json.dumps(content)[:-1] + ', "more": ' + "[" * depth + "]" * depth + "}"
    (folder / "settings.json").write_text(text, encoding="utf-8")
    with pytest.raises(FormatError, match=r"settings\.json: expected"):
        TextClassifier.load(folder)


def test_special_words_elsewhere_are_damage(saved):
    path = saved / "vocabulary.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["pad_id"], content["unk_id"] = content["unk_id"], content["pad_id"]
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(FormatError, match="expected 0 and 1 as pad_id and unk_id, got 1 and 0"):
        TextClassifier.load(saved, verify=False)


@pytest.mark.skipif(os.name == "nt", reason="no such modes")
def test_others_may_read_what_is_written(fitted, tmp_path):
    old = os.umask(0o022)
    try:
        fitted.save(tmp_path / "model")
    finally:
        os.umask(old)
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "model").iterdir()} == {0o644}


@pytest.fixture(scope="module")
def written(small, tmp_path_factory):
    """The folder of a small classifier, and its settings as they were written."""
    folder = tmp_path_factory.mktemp("small") / "model"
    small.save(folder)
    return folder, json.loads((folder / "settings.json").read_text(encoding="utf-8"))


def places(value, path=()):
    """The paths of everything in a JSON value, itself included."""
    yield path
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in items:
            yield from places(inner, (*path, key))


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
LIKELY = st.sampled_from(
    [-1, 0, 1e400, 10**400, "cnn", "mean", "lower", "<f8", "|b1", "<U4", "i8,i8", "static", [], {}]
)


def outcome(folder):
    """What comes of loading and asking; only errors of ours are caught."""
    try:
        loaded = TextClassifier.load(folder)
    except InlayError as error:
        return f"{type(error).__name__} {error}"
    return f"answers {loaded.predict_proba(['a good film']).shape}"


@how(max_examples=300, deadline=None)
@given(data=st.data())
def test_any_value_anywhere_in_the_settings_is_taken_or_an_error_of_ours(written, data):
    folder, content = written
    content = copy.deepcopy(content)
    path = data.draw(st.sampled_from(list(places(content))))
    value = data.draw(LIKELY | ANYTHING)
    if path:
        *before, last = path
        holder = content
        for key in before:
            holder = holder[key]
        if isinstance(holder, dict) and data.draw(st.booleans()):
            del holder[last]
        else:
            holder[last] = value
    else:
        content = value
    (folder / "settings.json").write_text(json.dumps(content), encoding="utf-8")
    assert re.match(
        r"answers \(1, 2\)$|FormatError .*(settings\.json|shapes|digests)"
        "|ArgumentError .*function that it was made with",
        outcome(folder),
        re.DOTALL,
    )


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"classes": ["pos", "neg"]}, "classes"),  # each would be taken for the other
        ({"classes": ["neg", "neg", "pos"]}, "classes"),
        ({"classes": ["neg"]}, "two classes or more"),
        ({"classes": "np"}, "a list"),
        ({"classes": [1, 300], "classes_dtype": "|i1"}, r"numbers of \|i1"),
        ({"classes": [0, 1], "classes_dtype": "i8,i8"}, "a dtype of numbers"),
        ({"classes": [0, 1], "classes_dtype": None}, "a dtype of numbers"),
        ({"classes": ["a", "b", "c"]}, "arrays of shapes"),
        ({"history": {"loss": 3}}, "lists of numbers as history"),
        ({"history": {"loss": ["3"]}}, "lists of numbers as history"),
        ({"n_trainable": -1}, "n_trainable"),
        ({"n_trainable": 2.0}, "n_trainable"),
        ({"version": True}, "inlay-classifier version 1"),
        ({"version": 2}, "inlay-classifier version 1"),
        ({"params": {"dim": 2}}, "params batch_size"),
        ({"digests": None}, "digests of the files"),
        ({"digests": {}}, "the digests that were saved"),
        ({"tokenizer": "bert"}, "tokenizer"),
    ],
)
def test_settings_that_do_not_fit(written, changes, what):
    folder, content = written
    (folder / "settings.json").write_text(json.dumps(content | changes), encoding="utf-8")
    with pytest.raises(FormatError, match=what):
        TextClassifier.load(folder, verify="digests" in changes)


def test_a_setting_more_or_less_is_damage(written):
    folder, content = written
    for params in (
        content["params"] | {"embedding": "x"},
        dict(list(content["params"].items())[1:]),
    ):
        text = json.dumps(content | {"params": params})
        (folder / "settings.json").write_text(text, encoding="utf-8")
        with pytest.raises(FormatError, match="expected params"):
            TextClassifier.load(folder)


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"a":' * 100_000, "\ufeff{}", "", "NaN", "9" * 5000]
)
def test_settings_that_are_no_json_of_ours(saved, text):
    (saved / "settings.json").write_text(text, encoding="utf-8")
    with pytest.raises(FormatError, match=r"settings\.json"):
        TextClassifier.load(saved)


def own_words(text):
    """A tokenizer that a name leads to."""
    return text.split()


def test_the_tokenizer_is_saved_by_name_and_code_of_a_file_is_never_imported(reviews, tmp_path):
    name = f"{__name__}:own_words"
    settings = {"model": "mean", "dim": 4, "epochs": 1, "validation": None}
    fitted = TextClassifier(tokenizer=own_words, **settings).fit(*reviews)
    fitted.save(tmp_path / "m")
    assert json.loads((tmp_path / "m" / "settings.json").read_text())["tokenizer"] == name
    with pytest.raises(ArgumentError, match=r"not imported.*load\(path, tokenizer=.tests"):
        TextClassifier.load(tmp_path / "m")
    for tokenizer in (own_words, name):
        loaded = TextClassifier.load(tmp_path / "m", tokenizer=tokenizer)
        answers = loaded.predict_proba(reviews[0][:3])
        assert np.array_equal(answers, fitted.predict_proba(reviews[0][:3]))
