"""Writes the notebooks of the example scripts.

    python examples/notebooks.py

A script has the form of the examples on keras.io: a header of `Name: value` lines, text
cells in triple quotes at the beginning of a line, and code between them. Its notebook
has the same cells, after a badge that opens it in Colab and a cell that installs the
package there.
"""

import ast
import json
from pathlib import Path

REPOSITORY = "https://github.com/stargan-tf/stargan_tf"
COLAB = REPOSITORY.replace("//github.com", "//colab.research.google.com/github")
FOLDER = Path(__file__).parent
CODE, TEXT = "code", "markdown"
TOP = """\
# {Title}

[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]({address})

{Description}
{text}"""
INSTALL = """\
from importlib.util import find_spec

if find_spec("stargan_tf") is None:
    %pip install -q "{}"
"""


def scripts():
    """The scripts that have a notebook."""
    paths = sorted(FOLDER.glob("*.py"))
    return [
        path for path in paths if path.read_text("utf-8")[3:].startswith("\nTitle:")
    ]


def split(script):
    """The cells of a script, as (type, source)."""
    lines, start = script.splitlines(), 0
    nodes = [node for node in ast.parse(script).body if isinstance(node, ast.Expr)]
    for node in nodes:
        if isinstance(node.value, ast.Constant):
            yield CODE, "\n".join(lines[start : node.lineno - 1]).strip()
            yield TEXT, node.value.value.strip()
            start = node.end_lineno
    yield CODE, "\n".join(lines[start:]).strip()


def notebook(path):
    """The text of a script's notebook."""
    (_, top), *rest = (cell for cell in split(path.read_text("utf-8")) if cell[1])
    header, _, text = top.partition("\n\n")
    fields = dict(line.split(": ", 1) for line in header.splitlines())
    address = f"{COLAB}/blob/main/examples/{path.stem}.ipynb"
    package = f"stargan_tf[{fields['Extras']}]" if "Extras" in fields else "stargan_tf"
    first = (TEXT, TOP.format(**fields, address=address, text=f"\n{text}"))
    cells = []
    for kind, source in (first, (CODE, INSTALL.format(package).strip()), *rest):
        cell = {"cell_type": kind, "id": f"cell-{len(cells)}", "metadata": {}}
        cell |= {"execution_count": None, "outputs": []} if kind == CODE else {}
        cells.append({**cell, "source": source.splitlines(keepends=True)})
    metadata = {
        "kernelspec": {"display_name": "Python 3", "name": "python3"},
        "language_info": {"name": "python"},
    }
    if fields["Accelerator"] == "GPU":  # Colab then starts with one.
        metadata |= {"accelerator": "GPU", "colab": {"gpuType": "T4"}}
    content = {"cells": cells, "metadata": metadata}
    content |= {"nbformat": 4, "nbformat_minor": 5}
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for path in scripts():
        path.with_suffix(".ipynb").write_text(notebook(path), "utf-8")
