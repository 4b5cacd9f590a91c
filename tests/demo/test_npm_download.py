import socket

import pytest

from stargan_tf.demo import litert_js as npm_download
from stargan_tf.demo.litert_js import download_tarball
from stargan_tf.errors import InputError

# What npm does with these arguments, or fails to do.
GOOD = '#!/bin/sh\nfor last; do :; done\necho abc > "$last/some-1.0.tgz"\n'
BAD = "#!/bin/sh\necho 'npm error code ENOTFOUND' >&2\nexit 1\n"


@pytest.fixture
def npm(tmp_path, monkeypatch):
    def install(script):
        program = tmp_path / "npm"
        program.write_text(script)
        program.chmod(0o755)
        monkeypatch.setattr(npm_download.shutil, "which", lambda _: str(program))

    return install


def test_npm_fetches_it(npm, tmp_path):
    npm(GOOD)
    found = download_tarball("@some/core", "1.0", tmp_path)
    assert found == tmp_path / "core-1.0.tgz" and found.read_text() == "abc\n"


def test_what_npm_says_is_passed_on(npm, tmp_path):
    npm(BAD)
    with pytest.raises(InputError, match="@some/core@1.0.*ENOTFOUND.*--runtime"):
        download_tarball("@some/core", "1.0", tmp_path)


def test_without_npm_the_registry_is_asked(tmp_path, monkeypatch):
    monkeypatch.setattr(npm_download.shutil, "which", lambda _: None)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # Nobody listens there.
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        monkeypatch.setattr(npm_download, "REGISTRY", address)
        with pytest.raises(InputError, match="@some/core/-/core-1.0.tgz.*refused"):
            download_tarball("@some/core", "1.0", tmp_path)
