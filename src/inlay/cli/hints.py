"""What to try, said in what the user of a shell can type.

The library's errors give advice in Python: `format='glove'`, `resume=False`. Here, and only here,
it becomes an option of the command that runs; what cannot be typed is not advised.
"""

import re
from collections.abc import Mapping

import click

# Advice that is no option of the same name: a pattern of the library's words, and ours.
PHRASES = {
    r"\bn_train\b": "train_size",
    r"\ba lower alpha\b": "a lower --alpha",
    r"\blet load recognise the format: ": "",
    r"\b[A-Z]\w*(?:\.\w+)?\(\w+, tokenizer=('[^']*'|\.\.\.)\)": r"tokenizer=\1",
    r"\bload_encoder\(\w+, tokenizer=that_function\).*": "tokenizer='module:function'",
    r"(?:\binlay\.)?\bload_encoder\(\w+, tokenizer=('[^']*'|\.\.\.)\)(, or lists of .*)?": (
        r"tokenizer=\1"
    ),
    r"^TextClassifier\.load\(path, embedding=.*": "the encoder in the place that it had",
    r"^StaticEncoder\(table, pool=.*": "pool='mean', or the folder of an encoder that has learned",
    r"^text\.encode\('utf-8'.*": "a copy of the text in UTF-8",
    r"the list that belongs to this matrix": "the file of tokens, one per line, of this matrix",
    r", a \.json, or a list$": ", or a .json file",
    r"^tokens=\w+\[(\w+):.*": r"a copy of the file without its first lines (\1)",
    r"^tokens=dict\(zip.*": "a copy of the file with a line for each row, also for padding",
    r"^tokens=\{token: .*": "a copy of the file in which each id is that of a row",
    r"^format=\w+\(column=.*": "a file with one column of strings",
    r"give them as a Python list": "tokens= with a file of one token per line",
    r"load it yourself .* list or dict": "tokens= with a file of one token per line",
    r"^a list of texts, or \[words\] [^;]*; or ": "texts of more words, or ",
    r"^another model: inlay runs no code of a model's folder.*": (
        "another model: inlay runs no code of a model's folder"
    ),
    r"^texts themselves are given as .*": "a hyphen, to read standard input",
    r"^safetensors\.numpy\.load_file and .*": "a file that inlay convert has written",
    r"^np\.load it and .*": "an .npz file that holds one matrix and its tokens",
    r"^inlay\.load\(path\), ": "inlay info, ",
    r"without dtype=object": "without objects in it",
}
# Flags of the library that some commands have under another name.
ALIKE = {"resume=False": "overwrite=True"}
# Arguments, calls, names with an underscore: what nobody can type into a shell.
# But `word_index.json` is a file.
PYTHON = re.compile(r"\b[a-z_]\w*=|\w\(|\b[a-z]+_[a-z_]+\b(?![./]\w)|\bNone\b|\bTrue\b|\bFalse\b")
# What a folder holds, by names that may be anything.
INSIDE = re.compile(r"one of the (files|folders) in it: ")
# An option and its value, which may look like Python: shift_jis, my_module:function.
TYPED = re.compile(r"(?<!\S)--?[a-z][a-z-]* [\w:.-]+(?![\w(=])")


def names_of(command: click.Command) -> dict[str, str]:
    """The options of a command by the argument that each stands for in Python."""
    options = [param for param in command.params if isinstance(param, click.Option)]
    names = {option.name or "": option.opts[-1] for option in options}
    for option in options:
        if option.is_flag:
            names[f"{option.name}=True"] = option.opts[-1]
            names |= {f"{option.name}=False": no for no in option.secondary_opts}
    return names


def in_options(hint: str, names: Mapping[str, str]) -> str:
    """A hint in Python's terms, said in options; empty where it cannot be.

    Args:
        hint: The library's.
        names: See `names_of`.

    Example:
        >>> in_options("format='glove' if it is one", {"format": "--format"})
        '--format glove if it is one'
        >>> in_options("resume=False, which starts anew", {"overwrite=True": "--overwrite"})
        '--overwrite, which starts anew'
        >>> in_options("format=Glove(dim=300) if it is one", {"dim": "--dim"})
        '--dim 300 if it is one'
        >>> in_options("text= one of them", {"text": "--text"})
        '--text with one of them'
        >>> in_options("save it again, or verify=False if it was changed on purpose", {})
        'save it again'
        >>> in_options("one of the files in it: a_list.json, saved_model", {})
        'one of the files in it: a_list.json, saved_model'
    """
    if INSIDE.match(hint):
        return hint
    for pattern, words in PHRASES.items():
        hint = re.sub(pattern, words, hint)
    hint = re.sub(r"\bformat=[A-Z]\w*\(([^()]*)\)", r"\1", hint)

    def option(match: re.Match[str]) -> str:
        name, value = match.groups()
        flag = match[0] if match[0] in names else ALIKE.get(match[0], "")
        if flag in names:
            return names[flag]
        if name not in names:
            return match[0]
        said = value.strip("'.")
        rest = hint[match.end() :]
        if not said and not rest.startswith(" with") and (value or rest.startswith(",")):
            said = "NAME"
        return f"{names[name]} {said}" if said else names[name]

    hint = re.sub(r"\b(\w+)=('[^']*'|[\w.]+|(?=[ ,]))", option, hint)
    hint = re.sub(r"(?<![-\w])[a-z]+_[a-z_]+\b", lambda match: names.get(match[0], match[0]), hint)
    hint = re.sub(r"(--[\w-]+) one of\b", r"\1 with one of", hint)
    hint = re.sub(r"(--[\w-]+ )(\S+)(?: or \1(\S+))+", _together, hint)
    first, *rest = re.split(r"(;\s+(?:or\s+)?|,\s+or\s+)", hint)
    said = "" if _is_python(first) else first
    for link, other in zip(rest[::2], rest[1::2], strict=True):
        if not _is_python(other):
            said = f"{said}{link}{other}" if said else other
    return said


def in_words(text: str) -> str:
    """What was expected or came, without what only Python has.

    Example:
        >>> in_words("one of glove, npz, or a Format"), in_words("str 'bert'")
        ('one of glove, npz', "'bert'")
    """
    text = text.replace(", 'module:function', or a callable", ", or module:function")
    text = text.replace(", a pair (texts, labels), or None", "").removesuffix(", or None")
    return re.sub(r",? or a (?:Format|callable)\b|^str (?=')", "", text)


def _is_python(advice: str) -> bool:
    return PYTHON.search(TYPED.sub("", advice)) is not None


def _together(match: re.Match[str]) -> str:
    """`--x a or --x b` as `--x a or b`."""
    values = match[0].removeprefix(match[1]).split(f" or {match[1]}")
    return f"{match[1]}{', '.join(values[:-1])} or {values[-1]}"
