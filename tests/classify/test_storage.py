import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("keras")

import keras

from inlay import TextClassifier
from inlay.errors import ArgumentError, FormatError, MissingFileError, NotFittedError

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


def test_weights_of_another_model_are_refused(fitted, saved):
    settings = json.loads((saved / "settings.json").read_text(encoding="utf-8"))
    settings["model"] = "mean"
    (saved / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    with pytest.raises(FormatError, match="expected arrays of shapes"):
        TextClassifier.load(saved)


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


def test_a_killed_save_leaves_the_old_one(fitted, saved, monkeypatch):
    before = {path.name: path.read_bytes() for path in saved.iterdir()}

    def fails(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr("inlay.core.vocabulary.Vocabulary.save", fails)
    with pytest.raises(KeyboardInterrupt):
        fitted.save(saved)
    assert {path.name: path.read_bytes() for path in saved.iterdir()} == before
    assert [path.name for path in saved.parent.iterdir()] == [saved.name]
    shutil.rmtree(saved)
