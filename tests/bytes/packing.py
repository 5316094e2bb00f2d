"""Archives in memory, as the tests of several rooms need them."""

import io
import tarfile
import zipfile


def zipped(**members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def tarred(**members):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return file.getvalue()


def claiming(size, content=b"", name="pos/1.txt"):
    """A tar archive of one file whose header says another size than it has."""
    info = tarfile.TarInfo(name)
    info.size = size
    block = content + bytes(-len(content) % 512)
    return (info.tobuf(tarfile.GNU_FORMAT) + block).ljust(10_240, b"\0")
