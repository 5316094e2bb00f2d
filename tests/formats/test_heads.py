from inlay.bytes.content import HEAD
from inlay.formats.heads import text_head, usual_dim


def test_the_usual_dimension():
    dim, counts = usual_dim([b"a b 1 2", b"", b"c 1 2", b"d 3 1 2", b"e 1"])
    assert dim == 2
    assert counts == {2: 2, 3: 1, 1: 1}
    assert usual_dim([])[0] == 0


def test_the_head_of_a_file():
    head = text_head(b"\xef\xbb\xbf3 2\r\na 1 2\r\nb 3")
    assert head is not None
    assert (head.header, head.bom, head.skip) == ((3, 2), 3, 8)
    assert head.lines == [b"3 2\r", b"a 1 2\r", b"b 3"]
    assert text_head(b"a b\nc d\n") is None


def test_a_line_that_the_head_cuts_is_not_judged():
    line = b"a 1 2 3\n"
    head = text_head((line * (HEAD // len(line) + 1))[:HEAD])
    assert head is not None
    assert set(head.lines) == {line[:-1]}
    long = text_head(b"a 1 2\nb " + b"1" * HEAD)
    assert long is not None
    assert long.lines == [b"a 1 2"]
