"""Ctrl-C at any moment is answered by a sentence."""

import pytest

from tests.processes import ended, posix, started

pytestmark = posix

# Presses Ctrl-C while a module is imported for the first time.
CODE = """
import os, signal, sys
class Press:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Press)
sys.argv = ["inlay", *{args!r}]
from inlay.cli import main
main()
"""
ROWS = "text,label\n" + "a good film,pos\na bad film,neg\n" * 8


@pytest.mark.parametrize("module", ["click", "inlay.cli.root", "inlay.cli.info", "numpy"])
def test_in_an_import_at_the_start(module, tmp_path):
    (tmp_path / "g.txt").write_text("good 1 0\ngreat 0.9 0.1\n")
    args = ["info", str(tmp_path / "g.txt")]
    with started("-c", CODE.format(module=module, args=args)) as running:
        assert ended(running) == (130, "", "Stopped.\n")


@pytest.mark.parametrize("module", ["keras", "jax"])
def test_while_a_framework_is_imported(module, tmp_path):
    pytest.importorskip(module)
    data = tmp_path / "data.csv"
    data.write_text(ROWS)
    args = ["classify", "fit", str(data), "-o", str(tmp_path / "m")]
    code = CODE.format(module=module, args=args)
    with started("-c", code, KERAS_BACKEND="jax") as running:
        assert ended(running) == (130, "", "Stopped.\n")
    assert [path.name for path in tmp_path.iterdir()] == ["data.csv"]


def test_who_lets_ctrl_c_be_ignored_is_obeyed(tmp_path):
    code = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
    code += CODE.format(module="click", args=["--version"])
    with started("-c", code) as running:
        code, out, err = ended(running)
    assert (code, out.startswith("inlay "), err) == (0, True, "")
