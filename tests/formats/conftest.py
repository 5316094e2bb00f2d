import pytest


@pytest.fixture
def make(tmp_path):
    """Write bytes or text to a file of the test's own folder; gives its path."""

    def write(content, name="vectors.txt"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write
