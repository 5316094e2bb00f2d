"""A matrix saved by reference: the file found, proved and mapped; and that in PyTorch."""

import copy
import io
import pickle
import re
from unicodedata import normalize

import numpy as np
import pytest

import inlay
from inlay import to_torch
from inlay.errors import ArgumentError, FormatError, MissingFileError
from inlay.layers.reference import Reference, tables_in
from tests.layers.conftest import make_table


@pytest.fixture
def mapped(padded, tmp_path):
    return saved(padded, tmp_path / "words.safetensors")


def saved(table, path):
    table.save(path)
    return inlay.load(path)


def flipped(path, offset):
    """One bit of one byte is another, and nothing else that a file system tells."""
    content = bytearray(path.read_bytes())
    content[offset] ^= 1
    path.write_bytes(content)


def place_of(path, row):
    """Where a row of four float32 begins in a native file."""
    return 8 + int.from_bytes(path.read_bytes()[:8], "little") + 16 * row


# -- the file ----------------------------------------------------------------------------------


def test_what_is_written_is_small_and_plain_and_opens_as_a_map(mapped):
    reference = Reference.of(mapped)
    again = Reference.read("here", reference.as_bytes())
    assert again == reference == Reference.read("here", reference.as_dict())
    assert reference.as_bytes().nbytes < 1000
    table = again.opened()
    assert table._origin is not None
    np.testing.assert_array_equal(table.vectors, mapped.vectors)


def test_the_first_rows_of_a_file(padded, tmp_path):
    saved(padded, tmp_path / "words.safetensors")
    some = inlay.load(tmp_path / "words.safetensors", limit=4)
    reference = Reference.of(some)
    np.testing.assert_array_equal(reference.opened().vectors, padded.vectors[:4])


@pytest.mark.parametrize("form", ["int8", "bfloat16", "float16"])
def test_other_forms(padded, tmp_path, form):
    table = saved(padded.astype(form), tmp_path / "words.safetensors")
    np.testing.assert_array_equal(Reference.of(table).opened().vectors, table.vectors)


def test_what_is_in_no_native_file_has_no_reference(padded, mapped, tmp_path):
    for table in (
        padded,
        mapped.align(["t1"]),
        inlay.load(tmp_path / "words.safetensors", mmap=False),
    ):
        assert Reference.of(table) is None


@pytest.mark.parametrize("row", [0, 5])
def test_a_changed_row_is_found(mapped, tmp_path, row):
    reference, path = Reference.of(mapped), tmp_path / "words.safetensors"
    flipped(path, place_of(path, row))
    with pytest.raises(
        FormatError, match=r"words.safetensors: expected tensor 'matrix' .* changed"
    ):
        reference.opened()
    with tables_in(tmp_path, verify=False):
        assert len(reference.opened()) == 6


def test_another_file_of_that_name_is_told(padded, make, mapped, tmp_path):
    reference = Reference.of(mapped)
    saved(make(n=5), tmp_path / "words.safetensors")
    with pytest.raises(FormatError) as caught:
        reference.opened()
    text = str(caught.value)
    assert str(tmp_path / "words.safetensors") in text
    assert f"the file of {reference.size:,} bytes" in text
    assert "the matrix of 6 x 4" in text
    assert "got another one" in text
    assert "tables_in" in text


def test_a_missing_file_is_told(mapped, tmp_path):
    reference = Reference.of(mapped)
    (tmp_path / "words.safetensors").rename(tmp_path / "elsewhere.safetensors")
    (tmp_path / "words.safetensors").mkdir()
    with pytest.raises(MissingFileError, match=r"words.safetensors: .* nothing there.*tables_in"):
        reference.opened()


def test_a_file_that_has_moved_is_found(padded, tmp_path, monkeypatch):
    old, new = tmp_path / "old", tmp_path / "new"
    (old / "vectors").mkdir(parents=True)
    monkeypatch.chdir(old)
    reference = Reference.of(saved(padded, "vectors/words.safetensors"))
    old.rename(new)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MissingFileError):
        reference.opened()
    for folder in (new, new / "vectors"):
        with tables_in(folder):
            assert Reference.of(reference.opened()).path == str(new / "vectors/words.safetensors")
        monkeypatch.chdir(folder)
        assert len(reference.opened()) == 6
        monkeypatch.chdir(tmp_path)
    with pytest.raises(MissingFileError):
        reference.opened()


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_name_in_hangul_is_found_in_either_form(padded, tmp_path, form):
    other = "NFD" if form == "NFC" else "NFC"
    reference = Reference.of(saved(padded, tmp_path / normalize(form, "단어 词.safetensors")))
    (tmp_path / "새 폴더").mkdir()
    moved = tmp_path / "새 폴더" / normalize(other, "단어 词.safetensors")
    (tmp_path / normalize(form, "단어 词.safetensors")).rename(moved)
    with tables_in(tmp_path / "새 폴더"):
        assert len(reference.opened()) == 6


def test_of_two_files_of_that_name_the_digest_tells_which(
    padded, make, mapped, tmp_path, monkeypatch
):
    reference = Reference.of(mapped)
    (tmp_path / "here").mkdir()
    (tmp_path / "words.safetensors").rename(tmp_path / "here" / "words.safetensors")
    saved(make(n=5), tmp_path / "words.safetensors")
    monkeypatch.chdir(tmp_path / "here")
    assert len(reference.opened()) == 6


def test_a_path_from_windows_is_looked_for_by_its_name(mapped, tmp_path, monkeypatch):
    fields = Reference.of(mapped).as_dict() | {"path": r"C:\vectors\words.safetensors"}
    monkeypatch.chdir(tmp_path)
    assert len(Reference.read("here", fields).opened()) == 6


@pytest.mark.parametrize(
    "wrong", [b"", b"{", b"[]", b"{}", {"path": 3}, {"size": "3"}, {"rows": True}, {"more": 1}]
)
def test_damage_is_told(mapped, wrong):
    if isinstance(wrong, dict):
        wrong = Reference.of(mapped).as_dict() | wrong
    with pytest.raises(FormatError, match="somewhere: expected the path and digest of a table"):
        Reference.read("somewhere", wrong)


def test_tables_are_looked_for_in_folders_alone(tmp_path):
    with pytest.raises(MissingFileError, match="a folder of tables"), tables_in(tmp_path / "none"):
        pass


# -- what can be asked for ---------------------------------------------------------------------


def test_only_a_frozen_map_of_a_native_file_is_saved_by_reference(padded, mapped):
    for table, given, hint in (
        (padded, {}, r'table.save("vectors.safetensors")'),
        (mapped, {"vocab": ["t1"]}, r'table.align(vocab).save("vectors.safetensors")'),
        (mapped, {"trainable": True}, 'trainable=False, or "rows", or "delta"'),
        (padded, {"trainable": "delta"}, r'table.save("vectors.safetensors")'),
    ):
        with pytest.raises(ArgumentError, match="by_reference.*" + re.escape(hint)):
            to_torch(table, by_reference=True, **given)


def test_an_encoder_and_a_stack_are_not(mapped):
    with pytest.raises(ArgumentError, match="by_reference: expected one table"):
        to_torch(inlay.layers.stack([mapped, mapped]), by_reference=True)


# -- PyTorch -----------------------------------------------------------------------------------

torch = pytest.importorskip("torch")
IDS = torch.tensor([[0, 1, 2], [5, 2, 2]])
MODES = {"frozen": {}, "rows": {"trainable": "rows", "rows": ["t1", "t5"]}}


def changed(layer):
    """The layer with other numbers where it trains."""
    for parameter in layer.parameters():
        if parameter.requires_grad:
            parameter.data += 1
    return layer


def through_a_file(thing, **how):
    file = io.BytesIO()
    torch.save(thing, file)
    assert len(file.getvalue()) < 5000
    file.seek(0)
    return torch.load(file, **how)


def is_map(layer, path):
    """Whether the layer's memory is the file itself: what changes there changes here."""
    flipped_at = place_of(path, 0)
    with path.open("r+b") as file:
        file.seek(flipped_at)
        file.write(np.full(4, 7, "f4").tobytes())
    return bool((layer.weight[0] == 7).all())


@pytest.mark.parametrize("mode", MODES)
def test_a_state_dict_has_no_matrix_and_brings_it_back(mapped, make, tmp_path, mode):
    layer = changed(to_torch(mapped, by_reference=True, **MODES[mode]))
    state = torch.nn.Sequential(layer, torch.nn.Linear(4, 1)).state_dict()
    assert (
        list(state)[:-2]
        == {
            "frozen": ["0.reference"],
            "rows": ["0.rows", "0.slots", "0.reference"],
        }[mode]
    )
    blank = make()
    blank.storage[...] = 0
    other = torch.nn.Sequential(to_torch(blank, **MODES[mode]), torch.nn.Linear(4, 1))
    other.load_state_dict(through_a_file(state, weights_only=True))
    twin = other[0]
    assert twin.by_reference
    np.testing.assert_array_equal(twin(IDS).detach(), layer(IDS).detach())
    assert not twin.weight.requires_grad
    assert not blank.storage.any()
    assert is_map(twin, tmp_path / "words.safetensors")


@pytest.mark.parametrize("mode", MODES)
def test_a_pickle_and_a_copy_have_no_matrix_either(make, tmp_path, mode):
    big = saved(make(n=5000), tmp_path / "words.safetensors")
    layer = changed(to_torch(big, by_reference=True, **MODES[mode]))
    loaded = through_a_file(layer, weights_only=True) if mode == "frozen" else None
    twins = [pickle.loads(pickle.dumps(layer)), copy.deepcopy(layer), loaded or copy.copy(layer)]
    for twin in twins:
        assert twin.by_reference
        np.testing.assert_array_equal(twin(IDS).detach(), layer(IDS).detach())
    assert is_map(twins[0], tmp_path / "words.safetensors")
    assert (twins[1].weight[0] == 7).all()


def test_the_numbers_can_be_put_back_in(mapped, tmp_path):
    layer = to_torch(mapped, by_reference=True)
    loaded = to_torch(mapped)
    assert not loaded.by_reference
    loaded.load_state_dict(layer.state_dict())
    loaded.by_reference = False
    state = loaded.state_dict()
    assert list(state) == ["weight"]
    (tmp_path / "words.safetensors").unlink()
    layer.load_state_dict(state)
    assert not layer.by_reference
    np.testing.assert_array_equal(layer.state_dict()["weight"], mapped.vectors)
    with pytest.raises(ArgumentError, match="a layer whose numbers are in no file"):
        layer.by_reference = True


def test_a_layer_that_trains_takes_the_numbers_of_a_reference(mapped, tmp_path):
    layer = to_torch(mapped.align(mapped), trainable=True)
    layer.weight.data[:] = 0
    layer.load_state_dict(to_torch(mapped, by_reference=True).state_dict())
    assert not layer.by_reference
    np.testing.assert_array_equal(layer.weight.detach(), mapped.vectors)
    assert not is_map(layer, tmp_path / "words.safetensors")


@pytest.mark.parametrize("how", ["unfreeze", "max_norm"])
def test_what_trains_is_saved_whole(mapped, how):
    layer = to_torch(mapped, by_reference=True)
    if how == "unfreeze":
        layer.unfreeze()
    else:
        layer.max_norm = 1.0
    assert list(layer.state_dict()) == ["weight"]
    assert not layer.by_reference


def test_numbers_that_are_not_the_files_are_not_lost(mapped):
    layer = to_torch(mapped, by_reference=True)
    layer.__prepare_scriptable__()  # which gives it memory of its own
    assert "reference" in layer.state_dict()
    layer.weight.data[5, 3] += 1
    for save in (layer.state_dict, lambda: pickle.dumps(layer)):
        with pytest.raises(ArgumentError, match=r"others, in rows 0 to 5.*by_reference = False"):
            save()
    layer.by_reference = False
    assert list(layer.state_dict()) == ["weight"]


def test_loading_finds_what_is_wrong(mapped, make, tmp_path):
    state = to_torch(mapped, by_reference=True).state_dict()
    pickled = pickle.dumps(to_torch(mapped, by_reference=True))
    with pytest.raises(FormatError, match=r"'reference'.* a matrix of 5 x 4, .* of 6 x 4"):
        to_torch(make(n=5)).load_state_dict(state)
    path = tmp_path / "words.safetensors"
    flipped(path, place_of(path, 5))
    for load in (lambda: to_torch(make()).load_state_dict(state), lambda: pickle.loads(pickled)):
        with pytest.raises(FormatError, match="expected tensor 'matrix' with"):
            load()


@pytest.mark.parametrize("form", ["int8", "bfloat16"])
def test_forms_that_become_float32_are_saved_by_reference_too(padded, tmp_path, form):
    table = saved(padded.astype(form), tmp_path / "words.safetensors")
    layer = to_torch(table, by_reference=True)
    twin = to_torch(make_table())
    twin.load_state_dict(layer.state_dict())
    np.testing.assert_array_equal(twin.weight, table.vectors)
    half = to_torch(table, by_reference=True).bfloat16()
    twin.bfloat16().load_state_dict(half.state_dict())
    assert twin.weight.dtype == torch.bfloat16
    np.testing.assert_array_equal(twin.weight.float(), half.weight.float())


def differing(table, rank=None, *, by_reference=True):
    return to_torch(table, trainable="delta", rank=rank, by_reference=by_reference)


@pytest.mark.parametrize("rank", [None, 2])
@pytest.mark.parametrize("form", ["float32", "float16", "bfloat16", "int8"])
def test_a_difference_is_saved_without_what_it_is_added_to(make, tmp_path, form, rank):
    path = tmp_path / "words.safetensors"
    table = saved(make(n=5000) if form == "float32" else make(n=5000).astype(form), path)
    layer = changed(differing(table, rank))
    state = layer.state_dict()
    assert list(state) == (["delta"] if rank is None else ["a", "b"]) + ["reference"]
    blank = make(n=5000)
    blank.storage[...] = 0
    filled = differing(blank.astype(form), rank, by_reference=False)
    before = [buffer.clone() for buffer in filled.buffers()]
    untouched = list(filled.buffers())
    filled.load_state_dict(state)
    assert all(map(torch.equal, before, untouched))  # the table of the layer that was filled
    numbers = sum(parameter.nbytes for parameter in layer.parameters())
    pickled = pickle.dumps(layer)
    assert len(pickled) < numbers + 5000
    twins = [filled, pickle.loads(pickled), copy.deepcopy(layer)]
    for twin in twins:
        assert twin.by_reference
        assert torch.equal(twin(IDS), layer(IDS))
        assert twin.state_dict().keys() == state.keys()
        assert twin._tokens is not None
    with path.open("r+b") as file:  # what changes there changes in each, which is its map
        file.seek(place_of(path, 0))
        file.write(bytes(path.stat().st_size - place_of(path, 0)))
    for twin in twins:
        expected = twin.delta if rank is None else twin.a @ twin.b
        assert torch.equal(twin(IDS)[0, :2], expected[:2])


def test_the_numbers_below_a_difference_can_be_put_back_in(padded, tmp_path):
    path = tmp_path / "words.safetensors"
    layer = changed(differing(saved(padded.astype("int8"), path)))
    layer.by_reference = False
    whole = layer.state_dict()
    assert list(whole) == ["delta", "codes", "scales"]
    same = differing(inlay.load(path))
    same.load_state_dict(whole)
    assert list(same.state_dict()) == list(whole)
    same.by_reference = True  # of these numbers it is known where they are
    other = differing(saved(make_table().astype("int8"), tmp_path / "other.safetensors"))
    other.codes[0] += 1
    other.load_state_dict(whole)
    assert torch.equal(other(IDS), layer(IDS))
    with pytest.raises(ArgumentError, match="a layer whose numbers are in no file"):
        other.by_reference = True


def test_below_a_difference_what_is_not_the_files_is_neither_saved_nor_loaded(padded, tmp_path):
    path = tmp_path / "words.safetensors"
    layer = differing(saved(padded.astype("int8"), path))
    state, pickled = layer.state_dict(), pickle.dumps(layer)
    with pytest.raises(FormatError, match=r"stored as float32, as the layer has, got .* as int8"):
        differing(padded, by_reference=False).load_state_dict(state)
    with pytest.raises(RuntimeError, match=r"Unexpected key.*delta"):
        to_torch(padded).load_state_dict(state)
    with pytest.raises(RuntimeError, match=r"Missing key.*delta"):
        differing(padded, by_reference=False).load_state_dict(
            to_torch(saved(padded, tmp_path / "plain.safetensors"), by_reference=True).state_dict()
        )
    layer.codes[5, 3] += 1
    for save in (layer.state_dict, lambda: pickle.dumps(layer)):
        with pytest.raises(ArgumentError, match=r"others, in rows 0 to 5.*by_reference = False"):
            save()
    flipped(path, -1)
    fresh = differing(padded.astype("int8"), by_reference=False)
    for load in (lambda: fresh.load_state_dict(state), lambda: pickle.loads(pickled)):
        with pytest.raises(
            FormatError, match=r"words.safetensors: expected tensor .* changed since"
        ):
            load()
    path.unlink()
    with pytest.raises(MissingFileError, match=r"words.safetensors.*tables_in"):
        fresh.load_state_dict(state)
    assert not fresh.by_reference
