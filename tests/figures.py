"""Print how the code grows: sizes of files and functions, tests beside code, mocks.

python -m tests.figures
"""

import ast
import re
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
_MOCK = re.compile(r"\b(mock|patch|MagicMock|monkeypatch)\b")


def main() -> None:
    """Print the figures."""
    code, tests = _lines("controller"), _lines("tests")
    for name, lines in (("controller", code), ("tests", tests)):
        sizes = sorted(len(text) for text in lines.values())
        functions = sorted(_functions(ROOT / name))
        _say(f"{name}: {len(sizes)} files, {sum(sizes)} lines")
        _say(f"  lines a file      {_spread(sizes)}")
        _say(f"  lines a function  {_spread(functions)}")
    ratio = sum(map(len, tests.values())) / sum(map(len, code.values()))
    mocks = sum(bool(_MOCK.search(line)) for text in tests.values() for line in text)
    _say(f"test : code {ratio:.2f}, lines with mocks {mocks}")


def _lines(folder: str) -> dict[Path, list[str]]:
    """Return the lines that are not blank, by file."""
    return {
        file: [line for line in file.read_text().splitlines() if line.strip()]
        for file in (ROOT / folder).rglob("*.py")
    }


def _functions(folder: Path) -> Iterator[int]:
    """Yield the length of every function, its docstring included."""
    for file in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield (node.end_lineno or node.lineno) - node.lineno + 1


def _spread(sizes: list[int]) -> str:
    ninth = sizes[int(len(sizes) * 0.9)]
    return f"median {statistics.median(sizes):.0f}, p90 {ninth}, max {sizes[-1]}"


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    main()
