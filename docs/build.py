"""Extends `mkdocs build`: links into the repository, and names imported lazily."""

import ast
import posixpath
import re

import griffe

REPOSITORY = "https://github.com/stargan-tf/stargan_tf/blob/main/"


def on_page_markdown(markdown, page, **_):
    """Points relative links that leave docs/ to the repository."""

    def link(match):
        folder = posixpath.dirname(page.file.src_uri)
        path = posixpath.normpath(posixpath.join(folder, match[1]))
        return f"]({REPOSITORY}{path[3:]})" if path.startswith("../") else match[0]

    return re.sub(r"\]\((\.\./[^)\s]+)\)", link, markdown)


class PublicNames(griffe.Extension):
    """Adds the names that a module imports only when they are used."""

    def on_package(self, *, pkg, **_):
        """Reads them from the tables of `stargan_tf` and `stargan_tf.plugin`."""
        if pkg.path != "stargan_tf":
            return
        homes = _table(pkg, "_HOMES")
        for name, home in homes.items():
            pkg.set_member(name, griffe.Alias(name, f"{home}.{name}"))
        plugin = pkg["plugin"]
        for home, names in _table(plugin, "_LAZY").items():
            for name in names:
                plugin.set_member(name, griffe.Alias(name, f"{home}.{name}"))


def _table(module, name):
    return ast.literal_eval(str(module[name].value))
