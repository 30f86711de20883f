from __future__ import annotations

import pathlib
import platform
import subprocess

import pytest

from tfedge.devices import debian
from tfedge.errors import DeviceError


def os_release(folder, codename, name):
    path = folder / "os-release"
    path.write_text(f'PRETTY_NAME="{name}"\nVERSION_CODENAME={codename}\n')
    return path


def test_check_host_when_debian_12_on_x86_64_returns(tmp_path):
    assert platform.machine() == "x86_64"
    debian.check_host(os_release(tmp_path, "bookworm", "Debian GNU/Linux 12"))


def test_check_host_when_another_system_names_it(tmp_path):
    with pytest.raises(DeviceError, match="expected Debian 12 on x86-64 to emulate ARM on; this is Ubuntu 24.04 on"):
        debian.check_host(os_release(tmp_path, "noble", "Ubuntu 24.04"))


def test_check_host_when_the_system_does_not_say_what_it_is_names_its_kind(tmp_path):
    with pytest.raises(DeviceError, match="this is Linux on"):
        debian.check_host(tmp_path / "none")


def test_check_host_when_a_tool_is_missing_names_it(tmp_path, monkeypatch):
    release = os_release(tmp_path, "bookworm", "Debian GNU/Linux 12")
    (tmp_path / "apt-get").write_text("#!/bin/sh\n")
    (tmp_path / "apt-get").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DeviceError, match="dpkg-deb is missing; install it"):
        debian.check_host(release)


@pytest.fixture
def package(tmp_path):
    """A .deb with one file, usr/bin/hello."""
    root = tmp_path / "root"
    (root / "DEBIAN").mkdir(parents=True)
    (root / "DEBIAN" / "control").write_text(
        "Package: hello\nVersion: 1.2-3\nArchitecture: all\nMaintainer: x <x@example.org>\nDescription: x\n"
    )
    (root / "usr" / "bin").mkdir(parents=True)
    (root / "usr" / "bin" / "hello").write_text("#!/bin/sh\necho hello\n")
    path = tmp_path / "hello.deb"
    subprocess.run(["dpkg-deb", "--build", root, path], check=True, capture_output=True)
    return path


def test_unpack_when_given_a_package_puts_its_files_there(package, tmp_path):
    debian.unpack(package, tmp_path / "out")
    assert (tmp_path / "out" / "usr" / "bin" / "hello").read_text().endswith("echo hello\n")


def test_unpack_when_a_package_is_damaged_names_it(package, tmp_path):
    package.write_bytes(package.read_bytes()[:-40])
    with pytest.raises(DeviceError, match="expected to unpack hello.deb"):
        debian.unpack(package, tmp_path / "out")


def test_extract_file_when_it_is_there_is_written_executable(package, tmp_path):
    debian.extract_file(package, "hello", tmp_path / "tool")
    assert subprocess.run([tmp_path / "tool"], capture_output=True, text=True).stdout == "hello\n"


@pytest.mark.parametrize("damage", [False, True])
def test_extract_file_when_it_is_not_there_says_so(package, tmp_path, damage):
    if damage:
        package.write_bytes(b"no package")
    with pytest.raises(DeviceError, match="expected other in hello.deb"):
        debian.extract_file(package, "other", tmp_path / "tool")


def test_versions_when_given_packages_names_architecture_and_version(package):
    assert debian.versions([package]) == {"hello:all": "1.2-3"}


def test_update_when_there_is_no_network_says_so(tmp_path, monkeypatch):
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # the port that discards: nobody listens
    apt = debian.PrivateApt(tmp_path / "apt")
    with pytest.raises(DeviceError, match="expected `apt-get update`.*check the network"):
        apt.update()


def test_private_apt_when_made_keeps_everything_in_its_folder(tmp_path):
    before = pathlib.Path("/var/lib/apt/lists").stat().st_mtime_ns
    debian.PrivateApt(tmp_path / "apt")
    config = (tmp_path / "apt" / "apt.conf").read_text()
    assert config.count(str(tmp_path / "apt")) == 3
    assert pathlib.Path("/var/lib/apt/lists").stat().st_mtime_ns == before
