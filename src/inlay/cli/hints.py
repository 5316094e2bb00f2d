"""What to try, said in what the user of a shell can type.

The library's errors give advice in Python: `format='glove'`, `resume=False`. Here, and only here,
it becomes an option of the command that runs; what cannot be typed is not advised.
"""

import re
from collections.abc import Mapping

import click

# Advice that is no option of the same name: a pattern of the library's words, and ours.
PHRASES = {
    r"\bresume=False\b": "overwrite=True",
    r"\ba lower alpha\b": "a lower --alpha",
}

# Arguments, calls, names with an underscore: what nobody can type into a shell.
PYTHON = re.compile(r"\b[a-z_]\w*=|\w\(|\b[a-z]+_[a-z_]+\b|\bNone\b|\bTrue\b|\bFalse\b")


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
        >>> in_options("resume=False", {"resume": "--resume", "resume=False": "--no-resume"})
        '--no-resume'
        >>> in_options("format=Glove(dim=300) if it is one", {"dim": "--dim"})
        '--dim 300 if it is one'
        >>> in_options("text= one of them", {"text": "--text"})
        '--text with one of them'
        >>> in_options("format='glove'", {})
        ''
    """
    for pattern, words in PHRASES.items():
        hint = re.sub(pattern, words, hint)
    hint = re.sub(r"\bformat=[A-Z]\w*\(([^()]*)\)", r"\1", hint)

    def option(match: re.Match[str]) -> str:
        name, value = match.groups()
        if match[0] in names:
            return names[match[0]]
        if name not in names:
            return match[0]
        said = value.strip("'.")
        return f"{names[name]} {said}" if said else names[name]

    hint = re.sub(r"\b(\w+)=('[^']*'|[\w.]+|(?=[ ,]))", option, hint)
    hint = re.sub(r"(?<![-\w])[a-z]+_[a-z_]+\b", lambda match: names.get(match[0], match[0]), hint)
    hint = re.sub(r"(--[\w-]+) one of\b", r"\1 with one of", hint)
    return "" if PYTHON.search(hint) else hint
