"""The house's rules about code, as tests. Each names what breaks it."""

import ast
import re

import pytest

from tests.house.code import APPS, ROOT, python_files, tracked_texts

LINES_MAX, FUNCTION_LINES_MAX = 400, 70
CORES = tuple(f"{app}/core" for app in APPS if (ROOT / app / "core").is_dir())
# Where time or a drawing is the subject, not money: charts are pixels, the simulator draws lots.
FLOATS_ALLOWED = {
    "markets/core/units.py",
    "trading/charts.py",
    "livedata/clock.py",
}
FLOAT_FOLDERS_ALLOWED = ("livedata/simulator/", "livedata/exchange/", "papertrading/", "accounts/")


def test_files_are_short():
    long = [
        f"{source.name}: {source.lines_count}"
        for source in python_files(*APPS, "tests")
        if source.lines_count > LINES_MAX
    ]
    assert long == []


def test_functions_are_short():
    long = [
        f"{source.name}:{node.lineno} {node.name}: {node.end_lineno - node.lineno + 1}"
        for source in python_files(*APPS, "tests")
        for node in source.functions
        if node.end_lineno - node.lineno >= FUNCTION_LINES_MAX
    ]
    assert long == []


def test_nothing_is_called_by_a_name_that_says_nothing():
    empty = {"utils", "util", "helpers", "helper", "common", "base", "manager", "managers", "misc", "stuff"}
    named = [source.name for source in python_files(*APPS, "tests") if source.path.stem in empty]
    assert named == []


def test_the_core_knows_no_floats():
    found = [
        f"{source.name}:{node.lineno}"
        for source in python_files(*CORES)
        if source.name not in FLOATS_ALLOWED
        for node in ast.walk(source.tree)
        if _is_float(node)
    ]
    assert found == []


def test_money_is_never_a_float():
    """Outside the core, no float may touch a name that counts micros."""
    found = []
    for source in python_files():
        if source.name in FLOATS_ALLOWED or source.name.startswith(FLOAT_FOLDERS_ALLOWED):
            continue
        for node in ast.walk(source.tree):
            if _is_float_call(node) and "micros" in ast.unparse(node):
                found.append(f"{source.name}:{node.lineno} {ast.unparse(node)}")
    assert found == []


def _is_float(node: ast.AST) -> bool:
    is_literal = isinstance(node, ast.Constant) and isinstance(node.value, float)
    is_division = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)
    return is_literal or is_division or _is_float_call(node)


def _is_float_call(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "float"


def test_modules_say_what_lives_in_them():
    silent = [
        source.name
        for source in python_files()
        if source.path.stem not in {"__init__", "apps"}
        and "commands" not in source.path.parts
        and ast.get_docstring(source.tree) is None
    ]
    assert silent == []


def test_signals_and_saving_models_stay_out():
    """Facts are pulled, not pushed; what writes is a service."""
    pushed = [
        f"{source.name}: {word}"
        for source in python_files("trading", "livedata", "markets", "accounts")
        for word in ("post_save", "pre_save", "post_delete", "pre_delete", "m2m_changed")
        if word in source.text
    ]
    saving = [
        f"{source.name}:{node.lineno}"
        for source in python_files()
        if source.path.name == "models.py"
        for node in source.functions
        if node.name == "save"
    ]
    assert pushed + saving == []


def test_transactions_are_opened_in_one_place():
    opened = [
        source.name
        for source in python_files()
        if re.search(r"transaction\.atomic|import atomic\b", source.text)
        and source.name != "trading/atomic.py"
    ]
    # The catalogue's bulk upsert is the other seam between the databases.
    assert [name for name in opened if name not in {"markets/upsert.py"}] == []


def test_no_work_is_left_for_later_in_words():
    words = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    left = [
        f"{source.name}: {match}"
        for source in tracked_texts()
        if source.path.parent.name != "house" and source.name != "CONTRIBUTING.md"
        for match in words.findall(source.text)
    ]
    assert left == []


@pytest.mark.parametrize(
    "pattern", [r"/(home|Users|root|work|tmp)/\w", r"\bfile://", r"localhost:[1-7]\d{3}"]
)
def test_no_path_of_one_machine(pattern):
    """A checkout runs anywhere. `/tmp/…` may stand in documents as an example."""
    found = [
        f"{source.name}: {match.group()}"
        for source in tracked_texts()
        if source.path.parent.name != "house" and not (source.path.suffix == ".md" and "tmp" in pattern)
        for match in re.finditer(pattern, source.text)
        if not (match.group().startswith("/tmp/") and source.name == "Dockerfile")
    ]
    assert found == []
