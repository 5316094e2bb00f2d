import pytest

from inlay.encode.card import Card, read_card

NOTHING = Card(None, [], [])


@pytest.mark.parametrize(
    ("text", "card"),
    [
        ("---\nlanguage: en\nlicense: apache-2.0\n---\n# A model\n", ("apache-2.0", ["en"])),
        (
            "---\nlicense: mit\nlanguage:\n- en\n- zh-tw\ntags:\n- x\n---\n",
            ("mit", ["en", "zh-tw"]),
        ),
        ('---\r\nlanguage: [ "en", ko ]\r\n---\r\n', (None, ["en", "ko"])),
        ("---\nlanguage:\n  - ko\ntags: [license]\n---\nlicense: mit\n", (None, ["ko"])),
        ("language: en\n", (None, [])),
        ("---\nlicense:\nlanguage:\n---\n", (None, [])),
        ("---\nlicense: mit\n", (None, [])),
        ("", (None, [])),
    ],
)
def test_the_head_of_a_readme_is_read(tmp_path, text, card):
    (tmp_path / "README.md").write_bytes(text.encode())
    license, languages = card
    assert read_card(tmp_path) == Card(license, [], languages)


def test_files_of_licences_are_named(tmp_path):
    for name in ("LICENSE", "licence.txt", "NOTICE.md", "licensed.txt", "COPYING-weights"):
        (tmp_path / name).write_text("text")
    assert read_card(tmp_path).licence_files == [
        "COPYING-weights",
        "LICENSE",
        "NOTICE.md",
        "licence.txt",
    ]


def test_a_readme_that_is_none_says_nothing(tmp_path):
    assert read_card(tmp_path) == NOTHING
    (tmp_path / "README.md").mkdir()
    assert read_card(tmp_path) == NOTHING
    (tmp_path / "README.md").rmdir()
    (tmp_path / "README.md").write_bytes(b"---\nlicense: \xff\xfe\n" + b"x" * 100_000)
    assert read_card(tmp_path) == NOTHING
