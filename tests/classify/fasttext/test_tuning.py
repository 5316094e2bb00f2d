import numpy as np
import pytest

from inlay import TextClassifier
from inlay.classify.fasttext import tuning
from inlay.classify.fasttext.held import accuracy, macro_f1
from inlay.classify.fasttext.numbering import numbered
from inlay.classify.several import Several
from inlay.errors import ArgumentError
from inlay.tokenizers import split

# The dimension stays, so that one kernel is compiled.
QUICK = {"model": "fasttext", "dim": 6, "workers": 1}


class Clock:
    """A second passes at each look."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        self.now += 1
        return self.now


@pytest.fixture(scope="module")
def tuned(reviews):
    model = TextClassifier(**QUICK, autotune_trials=4, validation=reviews, seed=3)
    return model.fit(*reviews)


def test_every_trial_is_told_and_the_best_is_fitted_again_on_all_texts(tuned, reviews):
    scores = [trial.score for trial in tuned.trials_]
    first = tuned.trials_[0].settings
    assert (first["epochs"], first["learning_rate"], first["word_ngrams"]) == (25, 0.5, 1)
    assert len({tuple(trial.settings.values()) for trial in tuned.trials_}) == len(scores) == 4
    assert all(trial.seconds > 0 for trial in tuned.trials_)
    best = [trial.settings for trial in tuned.trials_ if trial.score == max(scores)]
    assert tuned.best_params_ in best
    plain = TextClassifier(**QUICK | tuned.best_params_, validation=None, seed=3).fit(*reviews)
    texts = [*reviews[0], "never met"]
    np.testing.assert_array_equal(tuned.predict_proba(texts), plain.predict_proba(texts))


def test_the_scores_are_those_of_the_classifiers(reviews):
    texts, labels = reviews
    wrong = [*labels[:30], *labels[30:][::-1]]
    model = TextClassifier(
        **QUICK, autotune_trials=3, autotune_metric="f1", validation=(texts, wrong)
    ).fit(texts, labels)
    for trial in model.trials_:
        alone = TextClassifier(**QUICK | trial.settings, validation=None).fit(texts, labels)
        given = alone.predict(texts)
        each = []
        for label in ("neg", "pos"):
            found, has = given == label, np.array(wrong) == label
            each.append(2 * (found & has).sum() / (found.sum() + has.sum()))
        assert trial.score == pytest.approx(np.mean(each))


def test_a_share_is_held_out_of_the_trials_and_learned_from_at_the_end(reviews):
    settings = {**QUICK, "autotune_trials": 2, "validation": 0.25}
    first, again = (TextClassifier(**settings).fit(*reviews) for _ in range(2))
    assert first.vocabulary_.counts[0] == 40  # ends of texts
    assert [trial[:2] for trial in first.trials_] == [trial[:2] for trial in again.trials_]
    np.testing.assert_array_equal(first.predict_proba(["good"]), again.predict_proba(["good"]))
    other = TextClassifier(**settings, seed=1).fit(*reviews)
    assert first.trials_[1].settings != other.trials_[1].settings


def test_new_dimensions_are_for_the_first_half_of_the_time(reviews, monkeypatch):
    clock = Clock()
    monkeypatch.setattr(tuning, "monotonic", clock)
    asked = []
    drawn = tuning.Proposals._drawn

    def noted(proposals, best):
        asked.append((clock.now, tuple(proposals.dims)))
        return drawn(proposals, best)

    monkeypatch.setattr(tuning.Proposals, "_drawn", noted)
    mine = QUICK | {"epochs": 4}
    TextClassifier(**mine, autotune_seconds=70, validation=reviews).fit(*reviews)
    for now, dims in asked:
        assert dims == ((6,) if now > 36 else tuning.Proposals(frozenset(), None).dims)
    assert asked[0][0] < 30 < 40 < asked[-1][0]


def test_texts_are_numbered_once(reviews, monkeypatch):
    calls, numbered = [], tuning.numbered
    monkeypatch.setattr(tuning, "numbered", lambda *given: calls.append(1) or numbered(*given))
    TextClassifier(**QUICK, autotune_trials=3, validation=0.25).fit(*reviews)
    assert len(calls) == 1


def test_what_the_user_set_stays(reviews):
    mine = {"epochs": 7, "learning_rate": 0.3, "max_n": 3, "min_n": 2}
    model = TextClassifier(**QUICK | mine, autotune_trials=4).fit(*reviews)
    assert {name: model.best_params_[name] for name in mine} == mine
    for trial in model.trials_:
        assert trial.settings | mine | {"dim": 6} == trial.settings
    everything = QUICK | mine | {"bucket": 99, "word_ngrams": 2}
    assert len(TextClassifier(**everything, autotune_trials=4).fit(*reviews).trials_) == 1


def test_the_time_box_holds_and_cuts_at_the_end_of_an_epoch(reviews, monkeypatch):
    clock = Clock()
    monkeypatch.setattr(tuning, "monotonic", clock)
    settings = QUICK | {"epochs": 10, "learning_rate": 0.4}
    # A trial takes some 13 looks at the clock, and the last fit as long again.
    model = TextClassifier(**settings, autotune_seconds=60, validation=reviews).fit(*reviews)
    last_fit = model.trials_[0].seconds
    assert 60 - 2 * last_fit < clock.now <= 60 - last_fit + 6  # two epochs
    assert len(model.trials_) >= 3
    assert model.trials_[-1].score is None  # cut: it would have ended too late
    assert model.trials_[-1].seconds < last_fit / 2
    clock.now = 0
    model = TextClassifier(**settings, autotune_seconds=9, validation=reviews).fit(*reviews)
    assert {trial.score for trial in model.trials_} == {None}  # and all the same there is a fit
    assert model.best_params_ == model.trials_[0].settings
    assert len(model.history_["loss"]) == 10


@pytest.mark.parametrize("n_before", [0, 2])
def test_ctrl_c_keeps_the_best_so_far(reviews, monkeypatch, n_before):
    scored = tuning.Search._scored

    def stopped(search, *given):
        if len(search.trials) == n_before:
            raise KeyboardInterrupt
        return scored(search, *given)

    monkeypatch.setattr(tuning.Search, "_scored", stopped)
    model = TextClassifier(**QUICK, autotune_seconds=1e6, validation=reviews)
    if not n_before:
        with pytest.raises(KeyboardInterrupt):
            model.fit(*reviews)
    else:
        model.fit(*reviews)
        assert len(model.trials_) == 2
        assert model.score(*reviews) == max(trial.score for trial in model.trials_)


def test_a_trial_that_diverges_or_is_too_large_has_no_score(reviews, monkeypatch):
    monkeypatch.setattr(tuning, "MOST_NUMBERS", 1)
    model = TextClassifier(**QUICK, autotune_trials=2).fit(*reviews)
    assert [trial.score is None for trial in model.trials_] == [False, True]
    monkeypatch.undo()
    drawn = tuning.Proposals._drawn
    monkeypatch.setattr(
        tuning.Proposals, "_drawn", lambda *given: drawn(*given) | {"learning_rate": 1e30}
    )
    model = TextClassifier(**QUICK, autotune_trials=2).fit(*reviews)
    assert [trial.score is None for trial in model.trials_] == [False, True]
    assert model.best_params_["learning_rate"] == 0.5


def test_texts_of_several_labels_and_vectors_to_start_from(reviews, vectors):
    texts, labels = reviews
    several = [
        [label, "film"] if "film" in text else [label] for text, label in zip(*reviews, strict=True)
    ]
    model = TextClassifier(
        vectors, model="fasttext", loss="ova", autotune_trials=2, validation=0.25
    )
    model.fit(texts, several)
    assert model.best_params_["dim"] == vectors.dim
    assert model.coverage_.n_found == 6
    assert model.score(texts, labels) > 0.4


def test_a_saved_one_has_the_settings_that_were_found(tuned, reviews, tmp_path):
    tuned.save(tmp_path / "model")
    again = TextClassifier.load(tmp_path / "model")
    assert {name: getattr(again, name) for name in tuned.best_params_} == tuned.best_params_
    assert again.autotune_trials is None
    assert not hasattr(again, "trials_")
    tuned_no_more = tuned.__copy__().set_params(autotune_trials=None).fit(*reviews)
    assert not hasattr(tuned_no_more, "best_params_")


def test_numbered_texts_are_parted():
    read = numbered(["a b", "", "b c c"], split)
    first, second = read.split(2)
    assert (first.ids.tolist(), second.ids.tolist()) == ([0, 1, -1, -1], [1, 2, 2, -1])
    assert (first.counts.tolist(), second.counts.tolist()) == ([1, 1, 0], [0, 1, 2])
    assert (first.n_texts, second.n_texts) == (2, 1)
    both = Several(np.array([3, 4, 5]), np.array([0, 2, 3])).joined(Several.of(np.array([6, 7])))
    assert (both.flat.tolist(), both.ends.tolist()) == ([3, 4, 5, 6, 7], [0, 2, 3, 4, 5])


def test_measures():
    chances = np.array([[0.9, 0.1, 0], [0.2, 0.8, 0], [0.6, 0.4, 0], [0.7, 0.3, 0]])
    is_right = np.eye(3, dtype=bool)[[0, 1, 1, 0]]
    assert accuracy(chances, is_right) == 3 / 4
    assert macro_f1(chances, is_right) == pytest.approx((4 / 5 + 2 / 3) / 2)  # the third has none


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"model": "cnn", "autotune_seconds": 3},
            "autotune_seconds: expected nothing beside model",
        ),
        ({"model": "mean", "autotune_trials": 3}, "autotune_trials: expected nothing beside model"),
        ({"autotune_seconds": 0}, "autotune_seconds: expected a number above 0"),
        ({"autotune_trials": 0}, "autotune_trials: expected"),
        ({"autotune_metric": "f1"}, "autotune_metric: expected autotune_seconds or"),
        ({"autotune_trials": 1, "autotune_metric": "recall"}, "autotune_metric: expected 'accu"),
        ({"autotune_trials": 1, "validation": None}, "validation: expected texts to judge"),
        ({"autotune_trials": 1, "validation": 0.001}, "validation: expected texts to judge"),
        ({"autotune_trials": 1, "patience": 5}, "patience: expected nothing beside autotune"),
        ({"autotune_trials": 2, "learning_rate": 1e30}, "learning_rate: expected one at which"),
    ],
)
def test_what_cannot_be(reviews, settings, message):
    with pytest.raises(ArgumentError, match=message):
        TextClassifier(**QUICK | settings).fit(*reviews)


def test_official_names_lead_here():
    with pytest.raises(TypeError, match="autotune_seconds="):
        TextClassifier(model="fasttext", autotuneDuration=300)
