"""What text in an unknown encoding is written in: judged by the letters that its bytes become.

Most bytes are valid in several encodings, and mean something in one. Read in another, they become
letters that hardly anybody writes, Latin letters in the middle of Cyrillic words, or words of
accents only.
"""

import re
from typing import NamedTuple

MOST = 1 << 13  # bytes that are judged
QUOTES = frozenset("‘’“”–—…")  # of Windows, and of no misreading
PUNCTUATION = QUOTES | frozenset(
    "«»„·•°§€£©®™¡¿、。，！？：；（）《》〈〉「」『』【】～\u3000\xa0\xad"
)
INVISIBLE = re.compile(r"[\s\u200b-\u200f\ufeff\xad]+")


class Writing(NamedTuple):
    """A way to write, as bytes and as letters.

    Attributes:
        encodings: What it comes in; of those that give the same letters the first is told.
        common: Its most frequent letters beyond ASCII, in lower case.
        least: The share of all letters beyond ASCII that they make up at the least.
        kind: "characters" of several bytes each, "letters" of an alphabet of its own, or
            "accents" on Latin letters.
    """

    encodings: tuple[str, ...]
    common: str
    least: float
    kind: str


# Counted on Wikipedia and reviews: two thirds of Korean text, and half of Chinese.
_KOREAN = (
    "이다는에의하고지가로을한기도화은서영아나어대리인시라사를으들만보그스정게있자수해전주요니일부과재국제었미적년"
    "마면무데장여되상성연진구없동우음내했거중와말학것점원오네작공신소안생드유개였세비감조위치문간"
)
_CHINESE = (
    "的是不一有在大年人了国中房间上店为酒我很个和日到时月还会后生以出好地这家务行也住高发来开服新图可点学成价下要就"
    "于小公方比没前多子对被过分金他入元天能电美员市最次都机主斯里用本部名们作理将自得现车业第说面但度基之三其动期位"
    "全台场西海网去错与通特经外定万考法长感进水利餐内总加工尔平区星所游客同设因门道格较建组早北称民两而体重意合打太"
    "起东心手常风克实事安女政当然该军文明首马楼提级只看布产力联非战再如交回"
    "為國於會時後與個學區發由並爾員長來電代物動亞該對這蘭當此任經至球軍過立表現選南德口拉進賽教將機體車州等者議羅"
    "夫尼式業世東場目使流性四二河科華或影城兩隊米演港達保山列路正關都灣單共"
)
_JAPANESE = (
    "".join(map(chr, range(0x3041, 0x3094)))
    + "".join(map(chr, range(0x30A1, 0x30FD)))
    + "日年人一大本国会中出月分市行時上学東生見部子者地事新方場前後手自社間高作代今気思家言所"
)
_WEST, _CENTRE = ("cp1252", "cp850"), ("cp1250", "iso-8859-2")
WRITINGS: tuple[Writing, ...] = (
    Writing(("cp949",), _KOREAN, 0.4, "characters"),
    Writing(("gb18030", "big5", "cp950", "big5hkscs"), _CHINESE, 0.3, "characters"),
    Writing(("shift_jis", "cp932", "euc-jp"), _JAPANESE, 0.5, "characters"),
    # One language after the other: among all accents there are those of any misreading.
    Writing(_WEST, "éèàêçùâîôûëïœæ", 0.6, "accents"),  # French
    Writing(_WEST, "äöüß", 0.6, "accents"),  # German
    Writing(_WEST, "óíáéñúü", 0.6, "accents"),  # Spanish
    Writing(_WEST, "ãçáéíõóêâôúàª", 0.6, "accents"),  # Portuguese
    Writing(_WEST, "èàùòìé", 0.6, "accents"),  # Italian
    Writing(_WEST, "äåöøæéü", 0.6, "accents"),  # Scandinavian
    Writing(_CENTRE, "łąężśćóńź", 0.6, "accents"),  # Polish
    Writing(_CENTRE, "íáéěýčřžšůúóťňď", 0.6, "accents"),  # Czech
    Writing(_CENTRE, "áíéýčžšúťňďľĺôäó", 0.6, "accents"),  # Slovak
    Writing(_CENTRE, "áéöóőíüúű", 0.6, "accents"),  # Hungarian
    Writing(_CENTRE, "ăîâşţ", 0.6, "accents"),  # Romanian
    Writing(_CENTRE, "čšžćđ", 0.6, "accents"),  # Croatian, Slovene
    Writing(("cp1254",), "ıüğşçö", 0.6, "accents"),  # Turkish
    Writing(("cp1257",), "ėšžųįąčūęāīēņļģķõäöü", 0.6, "accents"),  # of the Baltic
    Writing(_WEST, "éèêçñöüïâàáóíäåëôøã", 0.6, "accents"),  # English, in words of others
    Writing(("cp1251", "koi8-r", "cp866"), "оеаинтсрвлкмі", 0.5, "letters"),  # Russian
    Writing(("cp1253",), "αοιετνησρκάέίόήύώ", 0.5, "letters"),  # Greek
    Writing(("cp1255",), "יוהלאתמרבשנ", 0.5, "letters"),  # Hebrew
    Writing(("cp1256",), "اليمنوتربةعد", 0.5, "letters"),  # Arabic
    Writing(("cp874",), "านรอกเงมยลวด่้ีั", 0.55, "letters"),  # Thai
)


def likely_encodings(raw: bytes) -> list[str]:
    """The encodings in which bytes are valid, and text that people write; most likely first.

    Of encodings of one byte a letter, in all of which nearly anything is valid, only the likeliest
    is told.

    Args:
        raw: Whole lines.

    Returns:
        Names that Python and iconv know. Empty: none, or no way to tell.

    Examples:
        >>> likely_encodings("재미있는 영화".encode("cp949"))
        ['cp949']
    """
    lines = [line for line in raw.splitlines(keepends=True) if not line.isascii()]
    sample = b"".join(lines)[:MOST]
    if _decoded(sample, "utf-8"):
        return ["utf-8"]
    found: list[tuple[float, str, str]] = []
    for writing in WRITINGS:
        texts = {name: _decoded(sample, name) for name in writing.encodings}
        shares = {name: _share(text, writing) for name, text in texts.items() if text}
        best = max(shares, key=lambda name: shares[name], default="")
        if best and shares[best] >= writing.least:
            found.append((shares[best] / writing.least, best, writing.kind))
    found.sort(key=lambda item: -item[0])
    # Characters that make sense are no accident; a few letters of another alphabet may be one.
    wide = [name for _, name, kind in found if kind == "characters"]
    if wide or not found:
        return wide
    close = [
        likely for likely, _, kind in found if kind == "letters" and likely > found[0][0] * 0.8
    ]
    return [] if len(close) > 1 else [found[0][1]]


def _decoded(raw: bytes, name: str) -> str:
    """The bytes as text, but for a character that their end cuts; nothing if they are no text."""
    import codecs

    try:
        text = codecs.getincrementaldecoder(name)().decode(raw, final=len(raw) < MOST)
    except UnicodeDecodeError:
        return ""
    return text if INVISIBLE.sub("", text).isprintable() else ""


def _share(text: str, writing: Writing) -> float:
    """Which share of what is beyond ASCII is common, and stands where it may."""
    beyond = [at for at, char in enumerate(text) if char > "\x7f" and char not in PUNCTUATION]
    if not beyond:  # English has nothing but quotes
        return float(writing.kind == "accents" and not QUOTES.isdisjoint(text))
    return sum(_fits(text, at, writing) for at in beyond) / len(beyond)


def _fits(text: str, at: int, writing: Writing) -> bool:
    # Of an alphabet small letters alone: read in another encoding they become capital ones.
    char = text[at].lower() if writing.kind == "accents" else text[at]
    before, behind = text[max(at - 1, 0) : at], text[at + 1 : at + 2]
    if char not in writing.common or (char != text[at] and before.islower()):
        return False
    beside = before + behind
    latin = any(char.isascii() and char.isalpha() for char in beside)
    return {
        "characters": True,
        "accents": latin or beside.isascii(),
        "letters": not latin,
    }[writing.kind]
