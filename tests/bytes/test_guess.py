import pytest

from inlay.bytes.guess import likely_encodings

KOREAN = "영화가 정말 재미있었다. 배우들의 연기도 좋았고, 다시 보고 싶은 영화입니다.\n"
SIMPLIFIED = "房间很干净，服务也不错，下次来北京还会住这家酒店。\n"
TRADITIONAL = "這部電影很好看，演員的表現也不錯，我們會再去看一次。\n"
JAPANESE = "この映画はとても面白かった。また見たいと思います。\n"
FRENCH = "Le film a été très apprécié : il rêvait déjà d'être à côté de la fenêtre.\n"
TEXTS = [
    (KOREAN, "cp949"),
    (SIMPLIFIED, "gb18030"),
    (TRADITIONAL, "gb18030"),
    (TRADITIONAL, "big5"),
    (JAPANESE, "shift_jis"),
    (JAPANESE, "euc-jp"),
    (FRENCH, "cp1252"),
    (FRENCH, "cp850"),
    ("Die Größe der Straße, für das Mädchen\n", "cp1252"),
    ("El niño comió más rápido; ¿dónde está la estación?\n", "cp1252"),
    ("the film\x92s\n", "cp1252"),
    ("Był to bardzo dobry film, który można obejrzeć; świetną rolę zagrała\n", "cp1250"),
    ("Był to bardzo dobry film, który można obejrzeć; świetną rolę zagrała\n", "iso-8859-2"),
    ("Tento film byl velmi dobrý, režie skvělá a příběh také\n", "cp1250"),
    ("Ez egy nagyon jó film, gyönyörű képekkel és erős szereplőkkel\n", "cp1250"),
    ("Çok güzel bir film, şarkılar harika ve oyunculuk iyiydi, ağlattı\n", "cp1254"),
    ("Все счастливые семьи похожи друг на друга, каждая несчастлива по-своему\n", "cp1251"),
    ("Все счастливые семьи похожи друг на друга, каждая несчастлива по-своему\n", "koi8-r"),
    ("Все счастливые семьи похожи друг на друга, каждая несчастлива по-своему\n", "cp866"),
    ("Πολύ καλή ταινία, μου άρεσε\n", "cp1253"),
    ("זה היה סרט טוב מאוד והשחקנים היו מצוינים, אני ממליץ לכולם לראות אותו\n", "cp1255"),
    ("فيلم جيد جدا والقصة رائعة\n", "cp1256"),
    ("ภาพยนตร์เรื่องนี้ดีมากและสนุก\n", "cp874"),
]


@pytest.mark.parametrize(("text", "encoding"), TEXTS)
def test_what_a_text_is_written_in(text, encoding):
    raw = text.encode("latin-1" if "\x92" in text else encoding)
    assert likely_encodings(raw)[:1] == [encoding]


@pytest.mark.parametrize(("text", "encoding"), TEXTS)
def test_no_encoding_is_told_that_garbles(text, encoding):
    raw = text.encode("latin-1" if "\x92" in text else encoding)
    assert {raw.decode(name) for name in likely_encodings(raw)} == {raw.decode(encoding)}


@pytest.mark.parametrize(
    "raw", [b"zee\xc3n\n", b"\xff\xff\xff\n", b"\x80\x03}q\x00\xf2\n", bytes(range(128, 256))]
)
def test_nothing_is_said_of_what_makes_no_sense(raw):
    assert likely_encodings(raw) == []


def test_only_lines_beyond_ascii_count_and_a_cut_character_does_no_harm():
    raw = b"text,label\n" * 10_000 + KOREAN.encode("cp949") * 1000
    assert likely_encodings(raw) == ["cp949"]
    assert likely_encodings(b"a" + raw[120_000:]) != ["utf-8"]
    assert likely_encodings(KOREAN.encode() * 1000) == ["utf-8"]


def test_two_syllables_may_be_either_and_both_are_told():
    assert set(likely_encodings("역사.\n".encode("cp949"))) == {"cp949", "gb18030"}
