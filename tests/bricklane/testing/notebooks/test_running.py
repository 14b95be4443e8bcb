"""What a notebook finds, and what it leaves, without Spark."""

from __future__ import annotations

import builtins
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING
from unittest.mock import MagicMock

import pytest

from bricklane.errors import BricklaneError
from bricklane.testing import NotebookFailure

if TYPE_CHECKING:
    from bricklane.testing.fixtures.notebook import NotebookCaller
    from tests.bricklane.testing.notebooks.conftest import Write

WIDGETS = 'dbutils.widgets.text("name", "nobody")\nname = dbutils.widgets.get("name")'


@pytest.mark.parametrize("file", ["notebooks/a.py", "notebooks/a.ipynb", "notebooks/a.sql"])
def test_a_notebook_of_each_kind_runs_as_it_is(
    notebook: NotebookCaller, write: Write, file: str
) -> None:
    python = "%python\n" if file.endswith(".sql") else ""
    write(
        file,
        "%md\n# A title",
        f"{python}{WIDGETS}\nprint('hello', name)",
        "%sh\necho from the shell",
        f"{python}dbutils.jobs.taskValues.set('rows', 3)\nlen(name)",
        f"{python}dbutils.notebook.exit(name.upper())",
        f"{python}print('never')",
    )
    result = notebook(write(file.replace("/a.", "/unused."), "1").with_name("a"), {"name": "Ada"})
    assert result.exit_value == "ADA"
    assert result.path == file
    assert [cell.status for cell in result.cells] == ["SUCCESS"] * 5 + ["SKIPPED"]
    assert [cell.kind for cell in result.cells[:3]] == ["md", "python", "sh"]
    assert result.cells[0].outputs[0].text == "# A title"
    assert result.stdout == "hello Ada\nfrom the shell\nNotebook exited: ADA\n"
    assert result.cells[3].text == "3\n"
    assert result.task_values == {"rows": 3}
    assert result.widgets == {"name": "nobody"}
    assert result.namespace == {"name": "Ada"}


@pytest.mark.parametrize(("given", "said"), [(None, "nobody"), ("Grace", "Grace"), (7, "7")])
def test_widgets_are_parametrised_from_pytest(
    notebook: NotebookCaller, write: Write, given: object, said: str
) -> None:
    widgets = {} if given is None else {"name": given}
    assert notebook(write("a.py", WIDGETS), widgets).namespace["name"] == said


def test_other_notebooks_are_included_and_run(notebook: NotebookCaller, write: Write) -> None:
    write(
        "lib/greetings.py", "%run ./words $word='Good day'", "def greet(n): return f'{word}, {n}'"
    )
    write("lib/words.py", 'dbutils.widgets.text("word", "Hi")\nword = dbutils.widgets.get("word")')
    write("jobs/child.py", WIDGETS, "print('child')\ndbutils.notebook.exit(name * 2)")
    file = write(
        "jobs/main.py",
        "%run ../lib/greetings",
        "said = [dbutils.notebook.run('./child', 60, {'name': each}) for each in 'ab']",
        "print(greet('all'))",
    )
    result = notebook(file)
    assert result.namespace["said"] == ["aa", "bb"]
    assert result.stdout == "Good day, all\n"
    assert result.namespace["greet"]("you") == "Good day, you"


def test_runs_of_other_notebooks_are_stubbed(notebook: NotebookCaller, write: Write) -> None:
    file = write(
        "jobs/main.py",
        "a = dbutils.notebook.run('../other', 60)",
        "b = dbutils.notebook.run('/Shared/far', 60, {'day': 2})",
    )
    runs = {"../other": "first", "/Shared/far": lambda given: f"day {given['day']}"}
    result = notebook(file, runs=runs)
    assert (result.namespace["a"], result.namespace["b"]) == ("first", "day 2")
    with pytest.raises(NotebookFailure, match=r"Notebook not found: /other; the project has none"):
        notebook(file)


def test_notebooks_that_threads_run_take_turns(notebook: NotebookCaller, write: Write) -> None:
    write("child.py", WIDGETS, "import os\ndbutils.notebook.exit(os.path.basename(os.getcwd()))")
    file = write(
        "main.py",
        "from concurrent.futures import ThreadPoolExecutor\n"
        "with ThreadPoolExecutor(3) as pool:\n"
        "    done = list(pool.map(lambda n: dbutils.notebook.run('child', 9), range(4)))",
    )
    assert notebook(file).namespace["done"] == [file.parent.name] * 4


def test_secrets_are_given_and_not_shown(
    notebook: NotebookCaller, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(
        "a.py",
        "key = dbutils.secrets.get('vault', 'api')\nprint('key:', key)",
        "raise ValueError(f'refused {key}')",
    )
    with pytest.raises(NotebookFailure) as caught:
        notebook(file, secrets={"vault": {"api": "hunter22"}})
    assert caught.value.result is not None
    assert caught.value.result.stdout == "key: [REDACTED]\n"
    assert "hunter22" not in str(caught.value) + capsys.readouterr().out
    with pytest.raises(NotebookFailure, match=r"scope: vault and key: api \(the test gives: x/y\)"):
        notebook(file, secrets={"x": {"y": "z"}})


def test_task_values_of_other_tasks_are_given(notebook: NotebookCaller, write: Write) -> None:
    file = write("a.py", "rows = dbutils.jobs.taskValues.get('load', 'rows', debugValue=0)")
    assert notebook(file, task_values={"load": {"rows": 5}}).namespace["rows"] == 5
    with pytest.raises(NotebookFailure, match="Task 'load' set no task value 'rows'"):
        notebook(file)


def test_files_are_those_of_folders_that_stand_for_volumes(
    notebook: NotebookCaller, write: Write, tmp_path: Path
) -> None:
    raw = tmp_path / "volume"
    raw.mkdir()
    (raw / "one.csv").write_text("a,b")
    file = write(
        "a.py",
        "names = [f.path for f in dbutils.fs.ls('/Volumes/dev/shop/raw')]",
        "%fs\ncp /Volumes/dev/shop/raw/one.csv /Volumes/dev/shop/raw/two.csv",
        "text = dbutils.fs.head('dbfs:/Volumes/dev/shop/raw/two.csv')",
    )
    result = notebook(file, files={"/Volumes/dev/shop/raw": raw})
    assert result.namespace["names"] == ["dbfs:/Volumes/dev/shop/raw/one.csv"]
    assert result.namespace["text"] == "a,b"
    with pytest.raises(NotebookFailure, match="no folder of the test stands for it"):
        notebook(file)


def test_python_and_the_shell_know_these_folders(
    notebook: NotebookCaller, write: Write, tmp_path: Path
) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    file = write(
        "a.py",
        "import glob, os\nfrom pathlib import Path\n"
        "Path('/Volumes/dev/raw/one.txt').write_text('hi')\n"
        "found = os.listdir('/Volumes/dev/raw'), glob.glob('/Volumes/dev/raw/*')\n"
        "with open('/Volumes/dev/raw/one.txt') as stream:\n    text = stream.read()\n"
        "said = !cat /Volumes/dev/raw/one.txt",
        "%sh\nls /Volumes/dev/raw",
    )
    before = os.listdir, builtins.open, os.open, subprocess.Popen.__init__
    result = notebook(file, files={"/Volumes/dev": tmp_path, "dbfs:/Volumes/dev/raw": inner})
    assert result.namespace["found"] == (["one.txt"], ["/Volumes/dev/raw/one.txt"])
    assert (result.namespace["text"], result.namespace["said"]) == ("hi", ["hi"])
    assert result.cells[1].text == "one.txt\n"
    assert (inner / "one.txt").read_text() == "hi"
    assert (os.listdir, builtins.open, os.open, subprocess.Popen.__init__) == before


def test_files_of_this_machine_are_safe(notebook: NotebookCaller, write: Write) -> None:
    file = write("a.py", "dbutils.fs.rm('dbfs:/usr', True)")
    with pytest.raises(NotebookFailure, match="changes files of the project and below"):
        notebook(file)


def test_parts_of_dbutils_are_replaced(notebook: NotebookCaller, write: Write) -> None:
    file = write(
        "a.py",
        "found = dbutils.fs.ls('s3://bucket')\nsecret = dbutils.secrets.get('a', 'b')",
        "dbutils.notebook.exit('left')",
    )
    fs = MagicMock()
    fs.ls.return_value = ["one"]
    stubs = {"fs": fs, "secrets.get": lambda scope, key: f"{scope}-{key}"}
    result = notebook(file, dbutils=stubs)
    fs.ls.assert_called_once_with("s3://bucket")
    assert (result.namespace["found"], result.namespace["secret"]) == (["one"], "a-b")
    assert result.exit_value == "left"
    with pytest.raises(BricklaneError, match="dbutils has no 'nothing'"):
        notebook(file, dbutils={"nothing": 1})


def test_dbutils_is_replaced_as_a_whole(notebook: NotebookCaller, write: Write) -> None:
    stub = SimpleNamespace(widgets=SimpleNamespace(get=str.upper, getArgument=str.upper))
    assert notebook(write("a.py", "x = dbutils.widgets.get('a')"), dbutils=stub).namespace == {
        "x": "A"
    }


def test_pip_installs_nothing(notebook: NotebookCaller, write: Write) -> None:
    here = write("a.py", "%pip install pytest>=1", "dbutils.library.restartPython()", "1")
    assert notebook(here).cells[0].text == (
        "[%pip install pytest>=1: nothing is installed by tests]\n"
    )
    gone = write("b.py", "%pip install -q no-such-package==1.0", "1")
    with pytest.raises(NotebookFailure, match=r"and no-such-package==1\.0 is not in the") as caught:
        notebook(gone)
    assert "add it to the project's development dependencies" in str(caught.value)
    assert notebook(gone, pip="ignore").cells[1].status == "SUCCESS"
    with pytest.raises(NotebookFailure, match="tests install nothing"):
        notebook(here, pip="refuse")


def test_code_of_the_project_is_importable_and_can_be_patched(
    notebook: NotebookCaller, write: Write, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "src").mkdir()
    (root / "src" / "shop_of_a_test.py").write_text("def price(): return 5\n")
    file = write("notebooks/a.py", "import beside\nfrom shop_of_a_test import price", "p = price()")
    (root / "notebooks" / "beside.py").write_text("")
    assert notebook(file).namespace["p"] == 5
    monkeypatch.syspath_prepend(str(root / "src"))
    import shop_of_a_test  # type: ignore[import-not-found]

    monkeypatch.setattr(shop_of_a_test, "price", lambda: 7)
    assert notebook(file).namespace["p"] == 7
    monkeypatch.delitem(sys.modules, "shop_of_a_test")


def test_nothing_leaks_out_of_a_notebook(
    notebook: NotebookCaller, write: Write, root: Path
) -> None:
    (root / "beside.py").write_text("")
    file = write(
        "a.py",
        "import builtins, os, sys, beside\n"
        "os.environ['LEAKED'] = '1'\nsys.path.append('/leaked')\nos.chdir('/')\n"
        "builtins.leaked = 1\nsys.argv = ['leaked']",
    )

    def state() -> tuple[object, ...]:
        hooks = (sys.displayhook, sys.excepthook, sys.stdout, sys.modules["__main__"])
        return dict(os.environ), list(sys.path), Path.cwd(), set(vars(builtins)), hooks, sys.argv

    notebook(file)  # what is loaded once may stay
    before = state()
    notebook(file)
    assert state() == before
    assert not {"beside", "dbruntime", "pyspark.dbutils"} & set(sys.modules)


def test_runs_of_a_test_do_not_see_each_other(notebook: NotebookCaller, write: Write) -> None:
    notebook(write("a.py", "x = 1"))
    with pytest.raises(NotebookFailure, match="NameError: name 'x' is not defined"):
        notebook(write("b.py", "x"))


def test_a_path_without_notebook_says_where_it_looked(notebook: NotebookCaller, root: Path) -> None:
    with pytest.raises(BricklaneError, match=r"there is no notebook notebooks/none\.py in "):
        notebook("notebooks/none.py")
    (root / "script.py").write_text("x = 1")
    with pytest.raises(NotebookFailure, match=r"script\.py: is a file, and no notebook"):
        notebook(root / "script.py")
