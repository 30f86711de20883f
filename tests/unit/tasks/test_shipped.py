from __future__ import annotations

import pytest

import tfedge
from tfedge.errors import ArtifactError
from tfedge.tasks.shipped import shipped_file


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package folder in a clone, as `tfedge` itself sees it."""
    folder = tmp_path / "clone" / "tfedge"
    folder.mkdir(parents=True)
    (folder / "__init__.py").touch()
    monkeypatch.setattr(tfedge, "__file__", str(folder / "__init__.py"))
    return folder


def write(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"weights")
    return path


def test_shipped_file_when_in_a_clone_then_the_top_level_models(package):
    path = write(package.parent / "models" / "g2p" / "g2p.keras")
    assert shipped_file("g2p/g2p.keras") == path


def test_shipped_file_when_installed_then_inside_the_package(package):
    write(package.parent / "models" / "g2p" / "g2p.keras")
    path = write(package / "_models" / "g2p" / "g2p.keras")
    assert shipped_file("g2p/g2p.keras") == path


def test_shipped_file_when_missing_then_both_places_are_named(package):
    with pytest.raises(ArtifactError) as caught:
        shipped_file("g2p/other.keras")
    assert "'g2p/other.keras'" in str(caught.value)
    assert str(package / "_models") in str(caught.value)
    assert str(package.parent / "models") in str(caught.value)


def test_shipped_file_when_it_is_a_folder_then_refused(package):
    write(package.parent / "models" / "g2p" / "g2p.keras")
    with pytest.raises(ArtifactError):
        shipped_file("g2p")
