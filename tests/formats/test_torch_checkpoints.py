"""The embedding out of what people save of a PyTorch model, in all its layouts."""

import argparse

import numpy as np
import pytest

from inlay import load
from inlay.errors import ArgumentError, FormatError, UnknownArrayError
from inlay.formats import list_arrays

torch = pytest.importorskip("torch")
TOKENS = list("abcdef")


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = torch.nn.Embedding(6, 4)
        self.fc = torch.nn.Linear(4, 2)

    def forward(self, ids):
        return self.fc(self.embedding(ids))


@pytest.fixture(scope="module")
def trained():
    torch.manual_seed(0)
    model = Net()
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.arange(6)).sum().backward()
    optimizer.step()
    return model, optimizer.state_dict()


def prefixed(prefix, state):
    return {f"{prefix}{name}": tensor for name, tensor in state.items()}


LAYOUTS = {
    "a whole model": (lambda model, optimizer: model, ""),
    "a state_dict": (lambda model, optimizer: model.state_dict(), ""),
    "of DDP": (lambda model, optimizer: prefixed("module.", model.state_dict()), "module."),
    "of DataParallel": (lambda m, optimizer: torch.nn.DataParallel(m).state_dict(), "module."),
    "compiled": (lambda m, optimizer: prefixed("_orig_mod.", m.state_dict()), "_orig_mod."),
    "averaged": (lambda m, o: torch.optim.swa_utils.AveragedModel(m).state_dict(), "module."),
    "with an optimiser": (
        lambda model, optimizer: {
            "model": model.state_dict(),
            "optimizer": optimizer,
            "epoch": 3,
            "args": argparse.Namespace(lr=0.1),
        },
        "model.",
    ),
    "with other names": (
        lambda model, optimizer: {
            "model_state_dict": model.state_dict(),
            "optimizer_state_dict": optimizer,
            "loss": torch.tensor(0.5),
        },
        "model_state_dict.",
    ),
    "of Lightning": (
        lambda model, optimizer: {
            "epoch": 1,
            "pytorch-lightning_version": "2.5.0",
            "state_dict": prefixed("model.", model.state_dict()),
            "optimizer_states": [optimizer],
            "lr_schedulers": [{"_last_lr": [0.1]}],
            "callbacks": {"ModelCheckpoint{'monitor': None}": {"best": torch.tensor(1.0)}},
            "hyper_parameters": {"dim": 4},
        },
        "state_dict.model.",
    ),
}


@pytest.mark.parametrize("older", [False, True], ids=["zip", "older"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout(trained, tmp_path, layout, older):
    make, prefix = LAYOUTS[layout]
    path = tmp_path / "x.ckpt"
    torch.save(make(*trained), path, _use_new_zipfile_serialization=not older)
    right = trained[0].embedding.weight.detach().numpy()
    names = [f"{prefix}embedding.weight", f"{prefix}fc.weight"]
    assert [array.name for array in list_arrays(path) if array.may_be] == names
    for name in ("embedding", "embedding.weight", names[0]):
        table = load(path, name=name, tokens=TOKENS)
        assert np.array_equal(table.matrix, right)
        assert table.provenance["name"] == names[0]
    with pytest.raises(FormatError, match=f"name='{names[0]}' or name='{names[1]}'"):
        load(path, tokens=TOKENS)


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_torchscript(trained, tmp_path):
    torch.jit.trace(trained[0], torch.arange(6)).save(tmp_path / "x.pt")
    table = load(tmp_path / "x.pt", name="embedding", tokens=TOKENS)
    assert np.array_equal(table.matrix, trained[0].embedding.weight.detach().numpy())


def test_tensors_that_share_or_are_views(tmp_path):
    whole = torch.arange(60.0).reshape(10, 6)
    state = {
        "embedding.weight": whole,
        "decoder.weight": whole,
        "turned.weight": whole.T,
        "part.weight": whole[2:8, 1:5],
        "steps.weight": whole[::3, ::2],
        "half.weight": (whole / 7).half(),
        "brain.weight": (whole / 7).bfloat16(),
    }
    torch.save(state, tmp_path / "x.pt")
    found = [array.name for array in list_arrays(tmp_path / "x.pt") if array.may_be]
    assert found == sorted(state, key=lambda name: -state[name].shape[0])
    for name, tensor in state.items():
        tokens = [str(i) for i in range(len(tensor))]
        table = load(tmp_path / "x.pt", name=name, tokens=tokens)
        right = tensor.float() if tensor.dtype == torch.bfloat16 else tensor
        assert table.matrix.dtype == right.numpy().dtype
        assert np.array_equal(table.matrix, right.numpy())
        few = load(tmp_path / "x.pt", name=name, tokens=tokens, keep=["1", "3"])
        assert np.array_equal(few.matrix, right.numpy()[[1, 3]])


def test_a_tensor_without_a_name(trained, tmp_path):
    torch.save(trained[0].embedding.weight, tmp_path / "x.pt")
    assert load(tmp_path / "x.pt", tokens=TOKENS).shape == (6, 4)
    with pytest.raises(UnknownArrayError, match=r"got one without a name. Try: leave name= out"):
        load(tmp_path / "x.pt", name="embedding", tokens=TOKENS)


def test_two_copies_of_a_model_are_told_apart(trained, tmp_path):
    state = trained[0].state_dict()
    torch.save({"state_dict": state, "ema": prefixed("shadow.", state)}, tmp_path / "x.pt")
    with pytest.raises(ArgumentError, match=r"of state_dict.embedding.weight, ema.shadow.embed"):
        load(tmp_path / "x.pt", name="embedding", tokens=TOKENS)
    assert load(tmp_path / "x.pt", name="shadow.embedding", tokens=TOKENS).shape == (6, 4)
    torch.save(prefixed("shadow.", state) | state, tmp_path / "x.pt")
    table = load(tmp_path / "x.pt", name="embedding", tokens=TOKENS)
    assert table.provenance["name"] == "embedding.weight"


@pytest.mark.filterwarnings("ignore:torch.quantize_per_tensor")
def test_what_is_quantised_may_be_what_is_wanted(tmp_path):
    weights = torch.quantize_per_tensor(torch.ones(6, 4), 0.1, 0, torch.qint8)
    torch.save({"embedding.weight": weights, "fc.weight": torch.ones(6, 2)}, tmp_path / "x.pt")
    with pytest.raises(FormatError, match=r"fc.weight float32 \(6, 2\), embedding.weight unread"):
        load(tmp_path / "x.pt", tokens=TOKENS)
    with pytest.raises(FormatError, match="got a quantised tensor"):
        load(tmp_path / "x.pt", name="embedding", tokens=TOKENS)
    assert load(tmp_path / "x.pt", name="fc", tokens=TOKENS).dim == 2
