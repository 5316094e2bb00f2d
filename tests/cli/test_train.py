import inspect
import json
import os
import signal
import sys

import numpy as np
import pytest

import inlay as lib
from inlay.cli.train import train as command
from tests.processes import ctrl_c_works

TEXT = "the cat sat on the mat\nthe dog sat on the rug\n" * 30
SMALL = ("--vector-size", "12", "--min-count", "2", "--epochs", "2", "--workers", "1")


@pytest.fixture
def corpus(tmp_path):
    path = tmp_path / "corpus.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_a_file_and_stdin_give_the_same_vectors(inlay, corpus, tmp_path):
    for source, text, name in ((corpus, None, "file.npz"), ("-", TEXT, "stdin.npz")):
        done = inlay("train", "word2vec", source, "-o", tmp_path / name, *SMALL, input=text)
        assert done.exit_code == 0, done.stderr
        assert done.stdout.startswith(
            f"{tmp_path / name}: 7 words x 12, learned from 360 words in "
        )
        assert done.stderr == ""
    a, b = lib.load(tmp_path / "file.npz"), lib.load(tmp_path / "stdin.npz")
    assert a.tokens[0] == "the"
    np.testing.assert_array_equal(a.vectors, b.vectors)


def test_files_folders_and_tables_give_the_same_vectors(inlay, tmp_path):
    lines = TEXT.splitlines()
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "a.txt").write_text("\n".join(lines[:30]), encoding="utf-8")
    (folder / "b.txt").write_text("\n".join(lines[30:]), encoding="utf-8")
    (tmp_path / "c.csv").write_text("text,stars\n" + "".join(f"{x},3\n" for x in lines), "utf-8")
    (tmp_path / "d.csv").write_text("n,text\n" + "".join(f"3,{x}\n" for x in lines[:30]), "utf-8")
    (tmp_path / "e.tsv").write_text("text\n" + "\n".join(lines[30:]), "utf-8")
    tables = tmp_path / "d.csv", tmp_path / "e.tsv"
    sources = [
        (folder,),
        sorted(folder.iterdir()),
        (folder / "*.txt",),
        (tmp_path / "c.csv",),
        tables,
        (tmp_path / "[de].csv", tmp_path / "?.tsv"),
    ]
    found = []
    for i, given in enumerate(sources):
        target = tmp_path / f"{i}.npz"
        done = inlay("train", "word2vec", *given, "-o", target, *SMALL)
        assert done.exit_code == 0, done.stderr
        assert "7 words x 12, learned from 360 words" in done.stdout
        found.append(lib.load(target).vectors)
    for other in found[1:]:
        np.testing.assert_array_equal(other, found[0])


def test_a_corpus_that_cannot_be_read_is_refused_at_once(inlay, corpus, tmp_path):
    def said(*given):
        return inlay("train", "word2vec", *given, "-o", tmp_path / "o.npz").stderr

    assert "A hyphen reads standard input, and takes no files beside it." in said(corpus, "-")
    assert "absent.txt: expected a text file or a folder of them" in said(corpus, "absent.txt")
    assert "--text has no effect on several files" in said(corpus, corpus, "--text", "x")
    (tmp_path / "c.csv").write_text("text,stars\na,3\n", "utf-8")
    message = f"c.csv is a table, and {corpus} is none: give tables alone, or texts alone."
    assert message in said(tmp_path / "c.csv", corpus)
    assert "expected a column 'x'" in said(*[tmp_path / "c.csv"] * 2, "--text", "x")
    table = said(tmp_path)
    assert "a table, whose other columns would be read as texts too" in table
    assert f"Try: {tmp_path / '**' / '*.txt'}, for the files of text alone." in table


def test_every_option_reaches_the_trainer(inlay, corpus, tmp_path):
    options = {
        "vector_size": 12,
        "window": 3,
        "negative": 4,
        "sample": 0.01,
        "min_count": 3,
        "max_size": 5,
        "epochs": 2,
        "alpha": 0.05,
        "min_alpha": 0.001,
        "ns_exponent": 0.5,
        "architecture": "cbow",
        "loss": "ns",
        "seed": 7,
    }
    args = [word for k, v in options.items() for word in ("--" + k.replace("_", "-"), v)]
    target = tmp_path / "o.safetensors"
    args += ["--deterministic", "--tokenizer", "lower", "--workers", 1, "--json"]
    args += ["--cbow-sum", "--whole-windows", "--exact"]
    answer = json.loads(inlay("train", "word2vec", corpus, "-o", target, *args).stdout)
    provenance = answer["provenance"]
    assert provenance["settings"] == options | {
        "deterministic": True,
        "cbow_mean": False,
        "shrink_windows": False,
        "exact": True,
    }
    assert (provenance["tokenizer"], len(provenance["losses"])) == ("lower", 2)
    assert (answer["vocab_size"], answer["dim"], answer["corpus_words"]) == (5, 12, 360)
    assert lib.load(target).counts.sum() == 120 + 60 + 60 + 30 + 30


@pytest.mark.parametrize(
    ("option", "value"), [("--vector-size", "0"), ("--sample", "2"), ("--workers", "0")]
)
def test_a_setting_that_cannot_be_is_wrong_usage(inlay, corpus, tmp_path, option, value):
    refused = inlay("train", "word2vec", corpus, "-o", tmp_path / "o.bin", option, value)
    assert refused.exit_code == 2
    assert f"Invalid value for '{option}'" in refused.stderr
    assert not (tmp_path / "o.bin").exists()


def test_a_corpus_that_gives_nothing_is_a_failure(inlay, corpus, tmp_path):
    empty = inlay("train", "word2vec", "-", "-o", tmp_path / "o.bin", input="")
    rare = inlay("train", "word2vec", corpus, "-o", tmp_path / "o.bin", "--min-count", "999")
    assert (empty.exit_code, rare.exit_code) == (1, 1)
    assert "a corpus with words" in empty.stderr
    assert not (tmp_path / "o.bin").exists()


def test_an_output_without_a_format_is_refused_before_training(inlay, tmp_path):
    (tmp_path / "empty").touch()  # which the training would refuse
    assert inlay("train", "word2vec", tmp_path / "empty", "-o", tmp_path / "o.txt").exit_code == 2
    assert inlay("train", "word2vec", tmp_path / "empty").exit_code == 2


BILM = (
    *("--dim", 8, "--projection-dim", 4, "--filters", "1:4,3:8", "--unroll-steps", 5),
    *("--min-count", 2, "--held-out", 0.1),
)


def test_a_bilm_from_a_file_and_from_stdin(inlay, corpus, tmp_path):
    for source, text, name in ((corpus, None, "file"), ("-", TEXT, "stdin")):
        done = inlay("train", "bilm", source, "-o", tmp_path / name, *BILM, input=text)
        assert done.exit_code == 0, done.stderr
        start = f"{tmp_path / name}: 6,280 parameters, learned from 378 words in "
        assert done.stdout.startswith(start)
        assert "perplexity" in done.stdout
        assert done.stderr == ""
        assert inlay("train", "bilm", corpus, "-o", tmp_path / name, *BILM).stdout == done.stdout
    again = inlay("train", "bilm", corpus, "-o", tmp_path / "none", *BILM, "--held-out", 0)
    assert again.stdout.endswith("nothing held out\n")
    a, b = ((tmp_path / name / "vocab.txt").read_text() for name in ("file", "stdin"))
    assert a == b
    mark = b"\xef\xbb\xbf"  # is no part of the first word
    args = ["train", "bilm", "-", "-o", tmp_path / "bom", *BILM, "--min-count", 1]
    assert inlay(*args, input=mark + TEXT.encode()).exit_code == 0
    assert mark not in (tmp_path / "bom/vocab.txt").read_bytes()
    assert a.startswith("<S>\n</S>\n<UNK>\nthe\n")


def test_every_option_of_bilm_reaches_the_trainer(inlay, corpus, tmp_path):
    options = {
        "dim": 8,
        "projection_dim": 4,
        "n_layers": 1,
        "char_dim": 3,
        "n_highway": 2,
        "max_size": 6,
        "min_count": 3,
        "softmax": "full",
        "unroll_steps": 4,
        "batch_size": 5,
        "epochs": 0.5,
        "learning_rate": 0.02,
        "dropout": 0.1,
        "clip_norm": 0.7,
        "held_out": 0.2,
        "seed": 7,
    }
    args = [word for k, v in options.items() for word in ("--" + k.replace("_", "-"), v)]
    args += ["--filters", "2:3,1:4", "--tokenizer", "lower", "--workers", 1, "--keep-softmax"]
    args += ["--checkpoint-every", 5, "--overwrite", "--device", "cpu"]
    target = tmp_path / "elmo"
    answer = json.loads(inlay("train", "bilm", corpus, "-o", target, *args, "--json").stdout)
    assert answer["settings"] == options | {"filters": [[2, 3], [1, 4]], "n_samples": None}
    assert answer["folder"] == str(target)
    assert answer["tokenizer"] == "lower"
    assert answer["vocab_size"] == 6
    assert (target / "softmax.safetensors").exists()


@pytest.mark.parametrize(
    ("option", "value"),
    [("--dim", "0"), ("--filters", "1:32,2"), ("--filters", "1:x"), ("--epochs", "0")],
)
def test_a_setting_of_bilm_that_cannot_be_is_wrong_usage(inlay, corpus, tmp_path, option, value):
    refused = inlay("train", "bilm", corpus, "-o", tmp_path / "elmo", option, value)
    assert refused.exit_code == 2
    assert f"Invalid value for '{option}'" in refused.stderr
    assert not (tmp_path / "elmo").exists()


def test_a_bilm_of_nothing_is_a_failure(inlay, corpus, tmp_path):
    empty = inlay("train", "bilm", "-", "-o", tmp_path / "elmo", input="")
    assert (empty.exit_code, "a corpus with words" in empty.stderr) == (1, True)
    assert inlay("train", "bilm", corpus, "-o", tmp_path / "no/elmo").exit_code == 1
    latin = inlay("train", "bilm", "-", "-o", tmp_path / "elmo", input=b"a\ncaf\xe9\n")
    assert "standard input, line 2: expected text in UTF-8, got the byte 0xe9" in latin.stderr
    assert inlay("train", "bilm", corpus).exit_code == 2
    assert "inlay train bilm reviews.txt -o elmo" in inlay("train", "bilm", "--help").stdout


def test_hints_of_a_training_that_cannot_go_on_speak_of_options(inlay, corpus, tmp_path):
    assert inlay("train", "bilm", corpus, "-o", tmp_path / "elmo", *BILM).exit_code == 0
    other = inlay("train", "bilm", corpus, "-o", tmp_path / "elmo", *BILM, "--seed", 5)
    assert other.exit_code == 1
    assert "Try: another folder, or --overwrite, which starts anew" in other.stderr
    fast = inlay(
        *("train", "bilm", corpus, "-o", tmp_path / "fast", *BILM, "--learning-rate", 1e30)
    )
    assert fast.exit_code == 2
    assert "Invalid value for '--learning-rate': expected a rate" in fast.stderr
    assert "with --overwrite" in fast.stderr


@pytest.mark.parametrize("name", ["word2vec", "glove", "bilm"])
def test_options_default_to_what_the_function_does(name):
    function = getattr(lib.train, name)
    options = command.get_command(None, name).make_context(name, ["-", "-o", "x.npz"]).params
    defaults = {
        name: parameter.default
        for name, parameter in inspect.signature(function).parameters.items()
        if name in options and parameter.default is not parameter.empty and name != "tokenizer"
    }
    assert len(defaults) > 10
    if "filters" in defaults:
        defaults["filters"] = [list(pair) for pair in defaults["filters"]]
    assert {name: options[name] for name in defaults} == defaults


@pytest.mark.parametrize(
    ("job", "settings"), [("word2vec", (*SMALL, "--deterministic")), ("bilm", BILM)]
)
def test_a_corpus_in_another_encoding(inlay, tmp_path, job, settings):
    text = "영화가 아주 좋다 film\n별로였다 film 이야기\n" * 30
    file = tmp_path / "korean.txt"
    ending = "" if job == "bilm" else ".npz"
    target = tmp_path / f"out{ending}"
    file.write_bytes(text.encode("cp949"))
    args = ("train", job, *settings, "--min-count", 1)
    for source in (file, "-"):
        refused = inlay(*args, source, "-o", target, input=text.encode("cp949"))
        assert refused.exit_code == 1
        assert "line 1: expected text in UTF-8" in refused.stderr
        assert refused.stderr.endswith("Try: --encoding cp949.\n")
    known = ("--encoding", "cp949")
    ways = [(file, known, None), ("-", known, text.encode("cp949")), ("-", (), text.encode())]
    written = []
    for number, (source, more, given) in enumerate(ways):
        made = tmp_path / f"{number}{ending}"
        done = inlay(*args, source, *more, "-o", made, input=given)
        assert (done.exit_code, done.stderr) == (0, "")
        if job == "bilm":
            written.append(json.loads((made / "training.json").read_text("utf-8"))["text"])
        else:
            written.append(lib.load(made).vectors.tolist())
    assert written[0] == written[1] == written[2]
    wide = inlay(*args, file, "-o", target, "--encoding", "utf-16")
    assert (wide.exit_code, "Invalid value for '--encoding'" in wide.stderr) == (2, True)


def test_a_training_that_is_stopped_leaves_its_vectors(inlay, corpus, tmp_path, monkeypatch):
    work = sys.modules["inlay.train.word2vec_work"].Words
    piece = work.piece

    def pressed(self, epoch, *rest):
        if epoch == 1:
            os.kill(os.getpid(), signal.SIGINT)
        return piece(self, epoch, *rest)

    monkeypatch.setattr(work, "piece", pressed)
    target = tmp_path / "o.safetensors"
    with ctrl_c_works():
        stopped = inlay("train", "word2vec", corpus, "-o", target, *SMALL)
    assert stopped.exit_code == 130
    said = f"Stopped after 2.00 of 2 epochs; {target} has the vectors as they were then.\n"
    assert stopped.stderr == said
    assert len(lib.load(target)) == 7


def test_a_training_in_a_folder_goes_on(inlay, corpus, tmp_path):
    args = ("train", "word2vec", corpus, *SMALL, "--folder", tmp_path / "f")
    first = inlay(*args, "-o", tmp_path / "a.npz", "--checkpoint-every", 0)
    again = inlay(*args, "-o", tmp_path / "b.npz", "--no-resume")
    other = inlay(*args, "-o", tmp_path / "c.npz", "--seed", 3)
    assert (first.exit_code, again.exit_code, other.exit_code) == (0, 0, 1)
    assert "Try: another folder, or --no-resume, which starts anew" in other.stderr
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    alone = inlay("train", "word2vec", corpus, *SMALL, "-o", tmp_path / "c.npz", "--no-resume")
    assert (alone.exit_code, "--folder as well" in alone.stderr) == (2, True)


def test_the_original_s_options_are_understood(inlay, corpus, tmp_path):
    target = tmp_path / "o.txt"
    theirs = "-size 12 -window 3 -sample 0 -negative 4 -threads 1 -iter 2 -min-count 2 -alpha 0.05"
    line = [
        "-train",
        corpus,
        "-output",
        target,
        *theirs.split(),
        "-cbow",
        0,
        "-hs",
        0,
        "-binary",
        0,
    ]
    done = inlay("train", "word2vec", *line, "--json")
    assert done.exit_code == 0, done.stderr
    made = json.loads(done.stdout)["provenance"]["settings"]
    wanted = {"vector_size": 12, "window": 3, "sample": 0, "negative": 4, "epochs": 2}
    wanted |= {"min_count": 2, "alpha": 0.05, "architecture": "skipgram"}
    assert {name: made[name] for name in wanted} == wanted
    assert target.read_text().startswith("7 12\nthe ")
    tree = [
        *line[:6],
        "-binary",
        1,
        "-negative",
        0,
        "-min-count",
        2,
        "-hs",
        1,
        "--overwrite",
        "--json",
    ]
    made = json.loads(inlay("train", "word2vec", *tree).stdout)["provenance"]
    assert made["model"] == "word2vec skip-gram, hierarchical softmax"
    both = inlay("train", "word2vec", *line, "-hs", 1, "--overwrite")
    assert (both.exit_code, "'--negative': expected nothing" in both.stderr) == (2, True)
    wrong = inlay("train", "word2vec", *line, "-cbow", 2)
    assert (wrong.exit_code, "-cbow: expected 0 or 1, got '2'." in wrong.stderr) == (2, True)
    refused = inlay("train", "word2vec", *line, "-classes", 9)
    assert (refused.exit_code, "words are not clustered" in refused.stderr) == (2, True)


def test_a_training_goes_on_from_a_file(inlay, corpus, tmp_path):
    first, more = tmp_path / "a.safetensors", tmp_path / "b.safetensors"
    assert inlay("train", "word2vec", corpus, "-o", first, *SMALL).exit_code == 0
    (tmp_path / "new.txt").write_text("the bird sat on the cat\n" * 20)
    line = ("train", "word2vec", tmp_path / "new.txt", "-o", more, *SMALL)
    done = inlay(*line, "--start", first, "--start-rate", 0, "--pull", 0.5)
    assert done.exit_code == 0, done.stderr
    old, new = lib.load(first), lib.load(more)
    assert set(new.tokens) == {*old.tokens, "bird"}
    np.testing.assert_array_equal(new["the"], old["the"])
    wrong = inlay(*line, "--overwrite", "--start", first, "--start-rate", 3)
    assert (wrong.exit_code, "Invalid value for '--start-rate'" in wrong.stderr) == (2, True)


@pytest.mark.parametrize(
    ("trainer", "option", "ours"),
    [
        ("word2vec", "--size", "'--vector-size'"),
        ("word2vec", "--iter", "'--epochs'"),
        ("word2vec", "--sg", "'--architecture'"),
        ("word2vec", "--lr", "'--alpha' or '--min-alpha'"),
        ("fasttext", "--dim", "'--vector-size'"),
        ("fasttext", "--wordNgrams", "-wordNgrams: n-grams of words are for labels"),
        ("glove", "--lr", "'--eta'"),
        ("glove", "-input-file", "CORPUS is the text itself"),
        ("glove", "-vocab-file", "inlay.train.glove_files.read_pairs('cooccurrence.shuf.bin', "),
        ("doc2vec", "--dm", "'--architecture'"),
    ],
)
def test_what_others_call_an_option(inlay, trainer, option, ours):
    done = inlay("train", trainer, "corpus.txt", "-o", "out", option, 1)
    assert (done.exit_code, ours in done.stderr) == (2, True), done.stderr


def test_a_line_of_the_original_writes_text_as_it_does(inlay, corpus, tmp_path):
    lines = {
        "v": f"word2vec -train {corpus} -output {tmp_path / 'v'} -size 12",
        "v.txt": f"word2vec -train {corpus} -output {tmp_path / 'v.txt'} -size 12",
        "g.txt": f"glove {corpus} -save-file {tmp_path / 'g'} -vector-size 12 -iter 1",
    }
    for name, line in lines.items():
        done = inlay("train", *line.split(), "-min-count", 2)
        assert done.exit_code == 0, done.stderr
        first = (tmp_path / name).read_text().splitlines()[0].split()
        assert first == ["7", "12"] if name[0] == "v" else len(first) == 13


@pytest.mark.parametrize(
    ("trainer", "option"), [("word2vec", "-debug"), ("fasttext", "-verbose"), ("glove", "-verbose")]
)
def test_how_much_the_originals_print_changes_nothing(inlay, trainer, option):
    lines = [["c.txt", "-o", "o.npz"], ["c.txt", option, "-1", "-o", "o.npz", option, "2"]]
    found = [command.get_command(None, trainer).make_context("it", line) for line in lines]
    assert found[0].params == found[1].params
    assert f"{option} is accepted with any value and changes nothing." in " ".join(
        inlay("train", trainer, "--help").stdout.split()
    )
    last = inlay("train", trainer, "c.txt", "-o", "o.npz", option)
    assert f"Option '{option}' requires an argument." in last.stderr


def test_the_help_says_what_hierarchical_softmax_leaves_out(inlay):
    shown = " ".join(inlay("train", "word2vec", "--help").stdout.split())
    assert "With -hs 1 the training is by hierarchical softmax alone" in shown


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("w2v", "Did you mean 'word2vec'?"),
        ("ELMo", "Did you mean 'bilm'?"),
        ("paragraph-vectors", "Did you mean 'doc2vec'?"),
        ("glvoe", "Did you mean 'glove'?"),
        ("supervised", "Try: inlay classify fit --model fasttext."),
        ("load", "No such command 'load'."),
    ],
)
def test_what_others_call_a_trainer(inlay, name, said):
    done = inlay("train", name, "corpus.txt")
    assert (done.exit_code, f"No such command '{name}'" in done.stderr) == (2, True)
    assert said in done.stderr


def test_other_commands_of_fasttext_are_elsewhere(inlay):
    done = inlay("train", "fasttext", "supervised", "-input", "a.txt", "-output", "m")
    assert (done.exit_code, "Try: inlay classify fit supervised." in done.stderr) == (2, True)
