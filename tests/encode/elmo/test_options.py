import json

import pytest

from inlay.encode.elmo.options import Options
from inlay.errors import FormatError, MissingFileError
from tests.data import shared


def official():
    return {
        "lstm": {"dim": 4, "projection_dim": 2, "n_layers": 2, "cell_clip": 3, "proj_clip": 3.5},
        "char_cnn": {
            "activation": "relu",
            "embedding": {"dim": 3},
            "filters": [[1, 4], [2, 8]],
            "n_highway": 1,
            "n_characters": 262,
            "max_characters_per_token": 50,
        },
    }


def changed(path, value):
    """Official options with one of them changed, or gone where the value is None."""
    options = official()
    *parents, name = path.split(".")
    part = options
    for parent in parents:
        part = part[parent]
    part[name] = value
    if value is None:
        del part[name]
    return options


def test_all_that_is_said_is_taken():
    options = Options.from_dict(official())
    assert (options.dim, options.projection_dim, options.n_layers) == (4, 2, 2)
    assert (options.cell_clip, options.proj_clip) == (3.0, 3.5)
    assert (options.char_dim, options.n_highway, options.activation) == (3, 1, "relu")
    assert options.filters == ((1, 4), (2, 8))
    assert (options.n_filters, options.has_projection, options.word_length) == (12, True, 50)
    assert options.use_skip_connections is False


@pytest.mark.parametrize(
    ("path", "attribute", "value"),
    [
        ("lstm.n_layers", "n_layers", 1),
        ("lstm.cell_clip", "cell_clip", None),
        ("lstm.proj_clip", "proj_clip", None),
        ("char_cnn.n_highway", "n_highway", 0),
        ("char_cnn.n_characters", "word_length", 50),
        ("char_cnn.max_characters_per_token", "word_length", 50),
    ],
)
def test_what_may_be_left_out(path, attribute, value):
    assert getattr(Options.from_dict(changed(path, None)), attribute) == value


def test_null_is_as_good_as_nothing():
    options = official()
    options["lstm"]["cell_clip"] = options["char_cnn"]["n_highway"] = None
    assert (Options.from_dict(options).cell_clip, Options.from_dict(options).n_highway) == (None, 0)


@pytest.mark.parametrize(
    "name",
    ["lstm.n_layers", "lstm.use_skip_connections", "char_cnn.max_characters_per_token"],
)
def test_null_is_elsewhere_no_answer(name):
    options, (part, key) = official(), name.split(".")
    options[part][key] = None
    with pytest.raises(FormatError, match=f"{name}: expected .*, got None"):
        Options.from_dict(options)


def test_what_only_training_needs_is_ignored():
    options = official() | {"bidirectional": True, "dropout": 0.1, "n_tokens_vocab": 793471}
    options["char_cnn"]["n_characters"] = 261
    assert Options.from_dict(options) == Options.from_dict(official())


def test_without_a_projection():
    assert not Options.from_dict(changed("lstm.projection_dim", 12)).has_projection


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        ("lstm", None, "'lstm'"),
        ("lstm", [1], "'lstm'"),
        ("char_cnn", None, "'char_cnn'"),
        ("char_cnn.embedding", None, "'embedding'"),
        ("char_cnn.embedding.dim", None, "embedding.dim"),
        ("char_cnn.embedding.dim", "16", "embedding.dim"),
        ("lstm.dim", None, "lstm.dim"),
        ("lstm.dim", 0, "lstm.dim"),
        ("lstm.dim", 4.0, "lstm.dim"),
        ("lstm.dim", True, "lstm.dim"),
        ("lstm.projection_dim", -1, "lstm.projection_dim"),
        ("lstm.n_layers", 0, "lstm.n_layers"),
        ("lstm.n_layers", 2**63, "lstm.n_layers"),
        ("lstm.dim", 2**62, "lstm.dim"),
        ("char_cnn.n_highway", 2**31, "n_highway"),
        ("char_cnn.max_characters_per_token", 2**40, "max_characters_per_token"),
        ("char_cnn.filters", [[1, 2**60]], "filters"),
        ("char_cnn.filters", [[1, 2]] * 1001, "filters"),
        ("lstm.cell_clip", 0, "lstm.cell_clip"),
        ("lstm.cell_clip", True, "lstm.cell_clip"),
        ("lstm.proj_clip", float("nan"), "lstm.proj_clip"),
        ("lstm.proj_clip", float("inf"), "lstm.proj_clip"),
        ("lstm.proj_clip", "3", "lstm.proj_clip"),
        ("lstm.use_skip_connections", "false", "use_skip_connections"),
        ("lstm.use_skip_connections", 0, "use_skip_connections"),
        ("char_cnn.activation", None, "activation"),
        ("char_cnn.activation", "gelu", "activation"),
        ("char_cnn.activation", ["relu"], "activation"),
        ("char_cnn.n_characters", 260, "n_characters"),
        ("char_cnn.n_characters", 262.0, "n_characters"),
        ("char_cnn.n_highway", -1, "n_highway"),
        ("char_cnn.max_characters_per_token", 2, "max_characters_per_token"),
        ("char_cnn.filters", None, "filters"),
        ("char_cnn.filters", [], "filters"),
        ("char_cnn.filters", 7, "filters"),
        ("char_cnn.filters", [[1, 2, 3]], "filters"),
        ("char_cnn.filters", [[1, 0]], "filters"),
        ("char_cnn.filters", [["1", "32"]], "filters"),
        ("char_cnn.filters", [[1.5, 32]], "filters"),
        ("char_cnn.filters", [[1, 4], [51, 4]], "50 characters"),
    ],
)
def test_what_cannot_be_is_named(path, value, named):
    with pytest.raises(FormatError, match="here") as error:
        Options.from_dict(changed(path, value), where="here")
    assert named in str(error.value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "<!DOCTYPE html><html>404</html>",
        "null",
        "[]",
        '"lstm"',
        "[" * 100_000,
        '{"model_type": "bert", "hidden_size": 768}',
        '{"lstm": {"dim": 4, "projection_dim": 2}, "n_tokens_vocab": 10}',
    ],
    ids=lambda text: text[:20],
)
def test_files_of_something_else(tmp_path, text):
    (tmp_path / "options.json").write_text(text)
    with pytest.raises(FormatError, match=r"options\.json") as error:
        Options.load(tmp_path / "options.json")
    assert len(str(error.value)) < 500


def test_bytes_that_are_no_text(tmp_path):
    (tmp_path / "options.json").write_bytes(b"\x89HDF\xff\xfe")
    with pytest.raises(FormatError, match="JSON"):
        Options.load(tmp_path / "options.json")


def test_a_long_file_of_something_else_gives_a_short_error():
    with pytest.raises(FormatError) as error:
        Options.from_dict({f"token{i}": i for i in range(30_000)})
    assert len(str(error.value)) < 300


def test_no_file(tmp_path):
    with pytest.raises(MissingFileError, match=r"no\.json"):
        Options.load(tmp_path / "no.json")


@pytest.mark.parametrize("path", ["lstm.cell_clip", "lstm.n_layers", "char_cnn.n_highway"])
def test_what_is_written_comes_back(tmp_path, path):
    options = Options.from_dict(changed(path, None))
    (tmp_path / "options.json").write_text(json.dumps(options.to_dict()), encoding="utf-8-sig")
    assert Options.load(tmp_path / "options.json") == options


def test_the_official_file_of_the_original_model():
    name = "elmo_2x4096_512_2048cnn_2xhighway_options.json"
    options = Options.load(shared("elmo-options", name))
    assert (options.dim, options.projection_dim, options.n_layers) == (4096, 512, 2)
    assert (options.n_filters, options.n_highway, options.char_dim) == (2048, 2, 16)
    assert (options.cell_clip, options.proj_clip, options.use_skip_connections) == (3.0, 3.0, True)
    official = json.loads(shared("elmo-options", name).read_text())
    assert options.to_dict() == official
