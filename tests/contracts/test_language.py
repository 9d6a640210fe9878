"""Plain technical English in every text that a person reads.

A docstring, a help text or a message begins with a noun phrase or a verb, never with
a word such as "what" or "who", and archaic or vague words stay out altogether.
"""

import argparse
import ast
import io
import json
import re
import tokenize
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import pytest

from controller.cli.parser import command_modules, full_parser

ROOT = Path(__file__).resolve().parents[2]
# Files with sentences of AWS, as path prefixes. A test fails if one is not needed.
QUOTED = (
    "controller/emulation/ecs/definition_rules.py",
    "controller/emulation/ecs/wording.py",
)
BEGINNINGS = (
    "what",
    "who",
    "whose",
    "whom",
    "whether",
    "when",
    "where",
    "how",
    "which",
)
# Regular expressions of whole words; the list may grow.
WORDS = (
    "amid",
    "amiss",
    "anew",
    "becomes? of",
    "became of",
    "beside",
    "bids?",
    "came of",
    "did well",
    "do(es)? well",
    "foretell(s|ing)?",
    "foretold",
    "hereby",
    "herein",
    "hither(to)?",
    "(is|are|was|were) so",
    "keeps? (it|them) so",
    "lest",
    "makes? (it|them) so",
    "mend(s|ed|ing)?",
    "nobody",
    "nought",
    "ought",
    "resting on",
    "rest(s|ed)? (up)?on",
    "somebody",
    "tell(s|ing)? of",
    "thence",
    "thereby",
    "therein",
    "thereof",
    "thrice",
    "told of",
    "unto",
    "upon",
    "whence",
    "whoever",
    "whom(ever)?",
    "whosoever",
)
_BEGINNING = re.compile(rf"({'|'.join(BEGINNINGS)})\b(?=.* )", re.IGNORECASE)
_WORD = re.compile(rf"\b({'|'.join(WORDS)})\b", re.IGNORECASE)
# A longer text is a sentence; a shorter one is a fragment or a key.
_SENTENCE = 4


class Problem(NamedTuple):
    """One word that a reader should not meet."""

    file: str
    line: int
    word: str
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.word!r} in {self.text!r}"


def problems_of(path: Path, root: Path = ROOT) -> Iterator[Problem]:
    """Yield the problems of a Python, Markdown, JSON or text file."""
    name, source = path.relative_to(root).as_posix(), path.read_text("utf-8")
    if path.suffix == ".py":
        yield from _python(name, source)
    elif path.suffix == ".json":
        yield from _json(name, source)
    else:
        # A name in backticks is quoted, such as the old name of a renamed field.
        for number, line in enumerate(re.sub(r"`[^`\n]*`", "", source).splitlines(), 1):
            yield from _words(name, number, line)


def _python(name: str, source: str) -> Iterator[Problem]:
    tree = ast.parse(source)
    fstrings = (node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr))
    inner = {id(part) for node in fstrings for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield from _beginning(name, node.lineno, _literal(node))
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
            continue
        yield from _words(name, node.lineno, node.value)
        if id(node) not in inner:
            yield from _beginning(name, node.lineno, node.value)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield from _words(name, token.start[0], token.string)


def _literal(node: ast.JoinedStr) -> str:
    """Return an f-string with ``{}`` for each value."""
    parts = (p.value if isinstance(p, ast.Constant) else "{}" for p in node.values)
    return "".join(map(str, parts))


def _json(name: str, source: str) -> Iterator[Problem]:
    for number, line in enumerate(source.splitlines(), 1):
        yield from _words(name, number, line)
        found = re.match(r'\s*"(description|title)": (".*"),?$', line)
        if found is not None:
            yield from _beginning(name, number, json.loads(found[2]))


def _words(name: str, line: int, text: str) -> Iterator[Problem]:
    for found in _WORD.finditer(text):
        at = line + text.count("\n", 0, found.start())
        yield Problem(name, at, found[0], _excerpt(text, found.start()))


def _beginning(name: str, line: int, text: str) -> Iterator[Problem]:
    first = text.partition("\n")[0]
    found = _BEGINNING.match(first)
    # SQL is written in capitals.
    if found and len(text.split()) >= _SENTENCE and not found[0].isupper():
        yield Problem(name, line, found[0], _excerpt(first, 0))


def _excerpt(text: str, at: int) -> str:
    return " ".join(text[max(0, at - 30) : at + 40].split())


def read_files() -> list[Path]:
    """Return every file whose texts are held to plain English."""
    patterns = (
        "controller/**/*.py",
        "controller/cli/schemas/*.json",
        "schemas/**/*.json",
        "specs/**/*.md",
        "specs/invalid/*.expected.txt",
        "Makefile",
        "README.md",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
    )
    return sorted(path for pattern in patterns for path in ROOT.glob(pattern))


def excluded(path: Path) -> bool:
    return path.relative_to(ROOT).as_posix().startswith(QUOTED)


def test_every_text_is_plain_english():
    found = [
        str(problem)
        for path in read_files()
        if not excluded(path)
        for problem in problems_of(path)
    ]

    assert found == [], "\n" + "\n".join(found)


@pytest.mark.parametrize("prefix", QUOTED)
def test_an_excluded_file_quotes_other_words(prefix):
    files = [
        p for p in read_files() if p.relative_to(ROOT).as_posix().startswith(prefix)
    ]

    assert not files or any(problem for p in files for problem in problems_of(p)), (
        f"remove {prefix} from QUOTED"
    )


def help_texts() -> dict[str, str]:
    """Return every help text: summaries, details, options and exit codes."""
    (commands,) = (
        action
        for action in full_parser()._actions
        if isinstance(action, argparse._SubParsersAction)
    )
    texts: dict[str, str] = {}
    for name, parser in commands.choices.items():
        texts |= {
            f"{name} {i}": t for i, t in enumerate(parser.description.splitlines())
        }
        texts |= {f"{name} {a.dest}": a.help for a in parser._actions}
        codes = import_module(command_modules()[name]).EXIT_CODES
        texts |= {f"{name} exit code {code}": text for code, text in codes.items()}
    return texts


@pytest.mark.parametrize(("place", "text"), help_texts().items(), ids=help_texts())
def test_every_help_text_begins_with_a_noun_or_a_verb(place, text):
    assert not _BEGINNING.match(text), place
    assert not _WORD.search(text), place


PLANTED = {
    '"""Whoever asks is told."""\n': "Whoever",
    '"""How a resource does."""\n': "How",
    'class A:\n    """What a driver tells of a service."""\n': "What",
    "X = 1  # it is mended by hand\n": "mended",
    'X = "the plan rests on other fields"\n': "rests on",
    'X = f"{1} does well"\n': "does well",
    'X = f"Who asked for {1} is not known."\n': "Who",
    'X = Field(description="Whether it is published at all.")\n': "Whether",
}
FINE = (
    '"""Return the status; when it is not known, None."""\n'
    "def what(which):  # the name of a thing\n"
    '    """Explain why a resource is not ready."""\n'
    '    return {"when": which, "sql": "WHERE a = 1 AND b = 2"}\n'
)


@pytest.mark.parametrize(("source", "word"), PLANTED.items())
def test_a_planted_sentence_is_reported_with_its_line(tmp_path, source, word):
    file = tmp_path / "planted.py"
    file.write_text(f"A = 1\n{source}")
    # A docstring only counts as such at the start; as a string it is read as well.
    found = [*problems_of(file, tmp_path)]

    line = 3 if source.startswith("class") else 2
    assert word in {problem.word for problem in found}
    assert str(found[0]).startswith(f"planted.py:{line}: ")


def test_a_planted_word_in_other_files_is_reported(tmp_path):
    (tmp_path / "page.md").write_text("Fine.\n\nMend it.\n")
    (tmp_path / "a.json").write_text('{\n  "description": "Who made the change."\n}\n')

    files = ("page.md", "a.json")
    found = [str(p) for name in files for p in problems_of(tmp_path / name, tmp_path)]

    assert [text.partition(" ")[0] for text in found] == ["page.md:3:", "a.json:2:"]


def test_plain_english_is_not_reported(tmp_path):
    (tmp_path / "fine.py").write_text(FINE)

    assert [*problems_of(tmp_path / "fine.py", tmp_path)] == []
