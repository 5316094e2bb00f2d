import pytest

from inlay.errors import MissingPackageError
from inlay.optional import require


def test_a_package_that_is_not_there_is_missing():
    with pytest.raises(MissingPackageError, match=r"a test: .*'no_such_package'.*inlay\[torch\]"):
        require("no_such_package.part", extra="torch", need="a test")


@pytest.mark.parametrize("module", ["installed", "installed.part"])
def test_a_package_that_lacks_something_itself_is_not_called_missing(module, tmp_path, monkeypatch):
    (tmp_path / "installed").mkdir()
    (tmp_path / "installed/__init__.py").write_text("")
    (tmp_path / "installed/part.py").write_text("import what_it_needs")
    if module == "installed":
        (tmp_path / "installed/__init__.py").write_text("import installed.part")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="what_it_needs") as caught:
        require(module, extra="torch", need="a test")
    assert not isinstance(caught.value, MissingPackageError)
