"""How the house tests read the code: its own files, parsed once."""

import ast
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
APPS = ("papertrading", "trading", "livedata", "markets", "accounts")
_LEFT_OUT = {"migrations", "contrib_migrations", "__pycache__"}


@dataclass(frozen=True)
class Source:
    path: Path

    @property
    def name(self) -> str:
        return str(self.path.relative_to(ROOT))

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def lines_count(self) -> int:
        return self.text.count("\n")

    @property
    def functions(self) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
        return [node for node in ast.walk(self.tree) if isinstance(node, kinds)]


@cache
def python_files(*folders: str) -> list[Source]:
    found = (path for folder in folders or APPS for path in (ROOT / folder).rglob("*.py"))
    return [Source(path) for path in sorted(found) if not _LEFT_OUT & set(path.parts)]


@cache
def tracked_texts() -> list[Source]:
    """Every file of the repository that is text and not somebody else's."""
    suffixes = {".py", ".md", ".html", ".css", ".js", ".yml", ".yaml", ".toml", ".sh", ".txt", ".in", ".json"}
    names = {"Makefile", "Dockerfile", ".env.example", ".importlinter", "run", ".npmrc", "LICENSE"}
    skipped = {".venv", "node_modules", "var", "staticfiles", ".git", ".hypothesis", "__pycache__"}
    return [
        Source(path)
        for path in sorted(ROOT.rglob("*"))
        if not skipped & set(inside := path.relative_to(ROOT).parts)
        and not inside[0].endswith("_cache")
        and path.is_file()
        and (path.suffix in suffixes or path.name in names)
    ]
