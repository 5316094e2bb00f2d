import copy
import pickle
import re

import numpy as np
import pytest

import inlay
from inlay import Table, Vocabulary
from inlay.compat.gensim.models import KeyedVectors
from inlay.core import HashingVocabulary
from inlay.core.elsewhere import OF_HASHES, OF_TABLES, OF_VOCABULARIES
from inlay.errors import InlayError, UnknownNameError

HASHES = HashingVocabulary(10)
TABLE = Table(["good", "film"], np.eye(2, dtype="f4"), counts=[2, 1])
VOCAB = Vocabulary(["good", "film"])


@pytest.mark.parametrize(
    ("thing", "name"),
    [(TABLE, name) for name in OF_TABLES]
    + [(VOCAB, name) for name in OF_VOCABULARIES]
    + [(HASHES, name) for name in OF_HASHES],
)
def test_another_library_s_name_leads_to_ours(thing, name):
    for asked in (thing, type(thing)):
        assert not hasattr(asked, name)
        with pytest.raises(UnknownNameError, match=rf"\.{name}: .* Try: ") as raised:
            getattr(asked, name)
        assert isinstance(raised.value, InlayError)


@pytest.mark.parametrize("hint", sorted({*OF_TABLES.values(), *OF_VOCABULARIES.values()}))
def test_what_it_leads_to_is_there(hint, tmp_path):
    if hint == "the table itself":
        return
    VOCAB.save(tmp_path / "t.bin")
    names = {"table": TABLE, "vocab": VOCAB, "token": "film", "tokens": ["good", "film"], "id": 2}
    names |= {"ids": [2, 3], "texts": ["a film"], "vector": np.ones(2), "Vocabulary": Vocabulary}
    names |= {"Table": Table, "matrix": np.eye(2), "token2": "good", "path": tmp_path / "t.bin"}
    names |= {"np": np, "d": {"a": [1.0]}, "mapping": {"a": 0}}
    names |= {"inlay": inlay, "KeyedVectors": KeyedVectors}
    if "pandas." in hint:
        names["pandas"] = pytest.importorskip("pandas")
    code = re.split(", (?:or|for|with|which) ", hint)[0]
    if code.startswith("inlay."):  # which needs a framework
        code = code.partition("(")[0]
    assert eval(code, names) is not None or ".save" in code


def test_any_other_name_is_python_s_to_refuse():
    for thing in (TABLE, VOCAB, Table, Vocabulary):
        with pytest.raises(AttributeError, match="has no attribute 'token'") as raised:
            thing.token  # noqa: B018
        assert (raised.value.name, raised.value.obj) == ("token", thing)
        assert not isinstance(raised.value, InlayError)
    for thing in (TABLE, VOCAB):
        assert copy.copy(pickle.loads(pickle.dumps(thing))).tokens == thing.tokens
