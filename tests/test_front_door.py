"""What `import inlay` does besides opening its names: what was saved is loaded again."""

import importlib
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import inlay
from inlay.encode.elmo import Elmo, Weights
from inlay.errors import UnknownNameError
from tests.encode.elmo.test_network import TINY

SRC = Path(inlay.__file__).parent
REGISTERED = re.compile(
    r'(?:register_keras_serializable\("inlay", |filed_as_embedding\()"(\w+)"\)\nclass (\w+)'
)


def test_keras_is_told_of_every_layer_that_a_config_can_name():
    places = {
        name: f"inlay.{'.'.join(file.relative_to(SRC).with_suffix('').parts)}.{class_name}"
        for file in SRC.rglob("*.py")
        for name, class_name in REGISTERED.findall(file.read_text(encoding="utf-8"))
    }
    assert places == inlay._KERAS


def test_the_layers_of_an_elmo_and_its_mix_are_found_by_their_names():
    keras = pytest.importorskip("keras")
    for name, place in inlay._KERAS.items():
        module, _, class_name = place.rpartition(".")
        layer = getattr(importlib.import_module(module), class_name)
        assert keras.saving.get_registered_name(layer) == f"inlay>{name}"
        assert keras.saving.get_registered_object(f"inlay>{name}") is layer


def run(script, *arguments):
    path = os.pathsep.join([str(SRC.parent), os.environ.get("PYTHONPATH", "")])
    return subprocess.run(
        [sys.executable, "-c", script, *arguments],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=300,
    )


LOOKED_FOR = "import inlay, importlib.util; assert importlib.util.find_spec('keras'); import keras"


@pytest.mark.parametrize("imports", [LOOKED_FOR, "import keras, inlay"])
def test_keras_is_imported_as_without_us(imports):
    pytest.importorskip("keras")
    script = (
        f"{imports}\n"
        "import importlib.resources\n"
        "importlib.resources.files('keras').joinpath('__init__.py').read_text()\n"
        "print(type(keras.__spec__.loader).__name__, *sorted(\n"
        "    name for name in keras.saving.get_custom_objects() if name.startswith('inlay')))"
    )
    answer = run(script)
    names = " ".join(f"inlay>{name}" for name in sorted(inlay._KERAS))
    assert answer.stdout.strip() == f"SourceFileLoader {names}", answer.stderr


@pytest.mark.parametrize("content", [None, "", "raise ImportError('no backend')"])
def test_what_is_called_keras_and_is_another_thing_is_left_alone(tmp_path, content):
    """A folder, a module, or a Keras that does not open."""
    (tmp_path / "keras").mkdir()
    if content is not None:
        (tmp_path / "keras" / "__init__.py").write_text(content)
    script = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import inlay\n"
        "try:\n    import keras; print(hasattr(keras, 'saving'))\n"
        "except ImportError as error: print(error)"
    )
    answer = run(script)
    installed = answer.stdout.strip() == "True"  # which comes before a mere folder
    expected = "no backend" if content else "True" if installed and content is None else "False"
    assert answer.stdout.strip() == expected, answer.stderr


def test_an_old_keras_or_pytorch_is_told_nothing():
    inlay._tell_keras(ModuleType("keras"))
    old = ModuleType("keras")
    old.saving = ModuleType("keras.saving")
    inlay._tell_keras(old)
    assert vars(old.saving).get("inlay>TableEmbedding") is None
    torch = ModuleType("torch")
    inlay._tell_torch(torch)
    torch.serialization = ModuleType("torch.serialization")
    inlay._tell_torch(torch)
    assert vars(torch.serialization).get("add_safe_globals") is None


TORCH = """
import sys, inlay, torch
saved = torch.load(sys.argv[1] + "/checkpoint.pt", weights_only=True)
assert not [name for name in sys.modules if name.startswith("inlay.") and "torch" in name]
from inlay.encode.elmo import Elmo
tokens = ["good", "great", "film", "movie", "the"]
table = inlay.Table(tokens, torch.zeros(5, 3).numpy())
model = torch.nn.ModuleDict({
    "words": inlay.to_torch(table, trainable=True),
    "frozen": inlay.to_torch(table),
    "elmo": Elmo.load(sys.argv[1] + "/other").to_torch(vocab_to_cache=["", "a", "film"]),
})
model.load_state_dict(saved["model"])
optimiser = torch.optim.Adam(p for p in model.parameters() if p.requires_grad)
optimiser.load_state_dict(saved["optimiser"])
ids = torch.tensor([[1, 2]])
print([model[name](ids).tolist() for name in ("words", "frozen")])
print(model["elmo"].eval()(ids)["default"].tolist(), saved["epoch"])
"""


def test_states_saved_of_a_torch_model_are_loaded_without_running_a_pickle(tmp_path, table):
    torch = pytest.importorskip("torch")
    pytest.importorskip("h5py")
    words, frozen = inlay.to_torch(table, trainable=True), inlay.to_torch(table)
    elmo = Elmo(TINY, Weights.random(TINY, 1)).to_torch(vocab_to_cache=["", "a", "film"])
    Elmo(TINY, Weights.random(TINY, 2)).save(tmp_path / "other")
    model = torch.nn.ModuleDict({"words": words, "frozen": frozen, "elmo": elmo})
    optimiser = torch.optim.Adam(p for p in model.parameters() if p.requires_grad)
    words(torch.tensor([0, 1])).sum().backward()
    optimiser.step()
    saved = {"model": model.state_dict(), "optimiser": optimiser.state_dict(), "epoch": 3}
    torch.save(saved, tmp_path / "checkpoint.pt")
    ids = torch.tensor([[1, 2]])
    expected = [
        [words(ids).tolist(), frozen(ids).tolist()],
        f"{elmo.eval()(ids)['default'].tolist()} 3",
    ]
    answer = run(TORCH, str(tmp_path))
    assert answer.stdout.splitlines() == [str(line) for line in expected], answer.stderr


LAYERS = """
import importlib.util
assert importlib.util.find_spec("torch").loader
{imports}
ours = lambda: [name for name in sys.modules if name.startswith("inlay.") and "torch" in name]
assert not ours() and isinstance(torch.__spec__.loader, importlib.machinery.SourceFileLoader)
names = [torch.nn.Sequential, torch.nn.Flatten]
with torch.serialization.safe_globals(names):
    model = torch.load(sys.argv[1] + "/model.pt", weights_only=True)
tuned = torch.load(sys.argv[1] + "/tuned.pt", weights_only=True)
print(model(torch.tensor([[1, 2]])).tolist(), tuned(torch.tensor([[1, 2]])).tolist())
some = torch.load(sys.argv[1] + "/some.pt", weights_only=True)
print(type(some).__name__, some(torch.tensor([[1, 2]])).tolist(), some.row_ids.tolist())
added = torch.load(sys.argv[1] + "/added.pt", weights_only=True)
print(type(added).__name__, added(torch.tensor([[1, 2]])).tolist())
made = inlay.layers.torch.embedding.TableEmbedding
print(*(type(layer) is made for layer in (model[0], tuned)), tuned)
layer = inlay.to_torch(inlay.Table(["a", "b"], torch.eye(2).numpy()))
torch.save(layer, sys.argv[1] + "/again.pt")
with torch.serialization.safe_globals([type(layer)]):
    print(torch.load(sys.argv[1] + "/again.pt", weights_only=True)(torch.tensor([1])).tolist())
try:
    torch.load(sys.argv[1] + "/model.pt", weights_only=True)
except Exception as error:
    print("torch.nn.modules.container.Sequential was not an allowed global" in str(error))
"""


@pytest.mark.parametrize("imports", ["import sys, inlay, torch", "import sys, torch, inlay"])
def test_a_whole_layer_of_torch_is_loaded_without_running_a_pickle(tmp_path, table, imports):
    """Ours is known to PyTorch; other layers around it are named by whoever loads them."""
    torch = pytest.importorskip("torch")
    if not hasattr(torch.serialization, "safe_globals"):
        pytest.skip("needs PyTorch 2.5")
    tuned = inlay.to_torch(table, trainable=True)
    model = torch.nn.Sequential(inlay.to_torch(table), torch.nn.Flatten())
    some = inlay.to_torch(table, trainable="rows", rows=[1])
    added = inlay.to_torch(table.astype("int8"), trainable="delta", rank=1)
    torch.save(some, tmp_path / "some.pt")
    torch.save(added, tmp_path / "added.pt")
    torch.save(tuned, tmp_path / "tuned.pt")
    torch.save(model, tmp_path / "model.pt")
    ids = torch.tensor([[1, 2]])
    expected = [
        f"{model(ids).tolist()} {tuned(ids).tolist()}",
        f"RowsEmbedding {some(ids).tolist()} [1]",
        f"DeltaEmbedding {added(ids).tolist()}",
        f"True True {tuned}",
        "[[0.0, 1.0]]",
        "True",
    ]
    answer = run(LAYERS.format(imports=imports), str(tmp_path))
    assert answer.stdout.splitlines() == expected, answer.stderr


@pytest.mark.parametrize("name", inlay._ELSEWHERE)
def test_names_that_others_have_lead_to_ours(name):
    with pytest.raises(UnknownNameError, match=rf"inlay: .* got '{name}'\. Try: ") as raised:
        getattr(inlay, name)
    for place in re.findall(r"inlay\.([\w.]+)", raised.value.hint):
        found = inlay
        for part in place.split("."):
            found = getattr(found, part, None) or importlib.import_module(f"inlay.{place}")
        assert callable(found)
    assert not hasattr(inlay, name)


@pytest.mark.parametrize("place", ["tokenizers.get_tokenizer", "encode.elmo.Elmo.load"])
def test_what_pages_and_messages_name_is_there_after_import_inlay(place):
    script = f"import inlay; print(hasattr(inlay, 'kernels'), callable(inlay.{place}))"
    answer = run(script)
    assert answer.stdout.strip() == "False True", answer.stderr


def test_rooms_are_listed_beside_the_names():
    assert {"sources", "train", "layers", "load"} <= set(dir(inlay))
    assert inlay.train is importlib.import_module("inlay.train")
    assert inlay.sources is importlib.import_module("inlay.sources")


def test_a_name_that_nobody_has_is_answered_by_all_of_ours_and_the_nearest():
    with pytest.raises(UnknownNameError, match=r"one of .*'Tabel'\. Try: inlay\.Table\."):
        inlay.Tabel  # noqa: B018
    with pytest.raises(UnknownNameError, match=r"got 'xyzzy'\.$"):
        inlay.xyzzy  # noqa: B018
    with pytest.raises(AttributeError, match=r"^module 'inlay' has no attribute '__wrapped__'$"):
        inlay.__wrapped__  # noqa: B018
