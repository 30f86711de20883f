"""The tools that package the Android demo, on small archives and without Android's own tools."""

from __future__ import annotations

import pathlib
import shutil
import subprocess
import sys
import zipfile

import pytest

from tests.project import sources
from tools.android import app_resources, package_apk, port_library, programs, shrink_app, unpack_aar

SETUP = sources.ROOT / "android_demo" / "setup.sh"


def archive(path: pathlib.Path, entries: dict[str, bytes]) -> pathlib.Path:
    with zipfile.ZipFile(path, "w") as written:
        for name, data in entries.items():
            written.writestr(name, data)
    return path


def base_apk(folder: pathlib.Path) -> pathlib.Path:
    """Writes what aapt2 would: one compressed entry, and a model that is stored."""
    path = archive(folder / "base.apk", {"assets/g2p.tflite": b"model" * 7})
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as apk:
        apk.writestr("AndroidManifest.xml", b"<" * 99)
    (folder / "dex").mkdir()
    (folder / "dex" / "classes.dex").write_bytes(b"dex\n038")
    for abi in package_apk.ABIS:
        (folder / "jni" / abi).mkdir(parents=True)
        (folder / "jni" / abi / "libx.so").write_bytes(b"\x7fELF" + bytes(5000))
    return path


def data_offset(apk: pathlib.Path, entry: zipfile.ZipInfo) -> int:
    """Returns where an entry's bytes begin: behind its local header, name and extra field."""
    header = apk.read_bytes()[entry.header_offset : entry.header_offset + 30]
    return entry.header_offset + 30 + int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")


def packaged(tmp_path: pathlib.Path, is_mapped: bool) -> dict[str, tuple[zipfile.ZipInfo, int]]:
    apk = tmp_path / "app.apk"
    package_apk.write_unsigned(base_apk(tmp_path), tmp_path / "dex", tmp_path / "jni", is_mapped, apk)
    with zipfile.ZipFile(apk) as found:
        assert found.testzip() is None
        return {entry.filename: (entry, data_offset(apk, entry)) for entry in found.infolist()}


@pytest.mark.parametrize(
    ("is_mapped", "method", "alignment"), [(True, zipfile.ZIP_STORED, 16384), (False, zipfile.ZIP_DEFLATED, 1)]
)
def test_library_when_android_maps_it_then_it_lies_on_a_page_and_else_it_is_compressed(
    tmp_path, is_mapped, method, alignment
):
    entries = packaged(tmp_path, is_mapped)
    for abi in package_apk.ABIS:
        entry, offset = entries[f"lib/{abi}/libx.so"]
        assert entry.compress_type == method
        assert offset % alignment == 0


def test_model_when_packaged_then_it_is_stored_on_a_word_and_what_was_compressed_stays_so(tmp_path):
    entries = packaged(tmp_path, is_mapped=False)
    model, offset = entries["assets/g2p.tflite"]
    assert (model.compress_type, offset % 4) == (zipfile.ZIP_STORED, 0)
    assert entries["AndroidManifest.xml"][0].compress_type == zipfile.ZIP_DEFLATED


def test_package_when_made_twice_then_its_bytes_are_the_same(tmp_path):
    base = base_apk(tmp_path)
    apks = [tmp_path / "first.apk", tmp_path / "second.apk"]
    for apk in apks:
        package_apk.write_unsigned(base, tmp_path / "dex", tmp_path / "jni", True, apk)
    assert apks[0].read_bytes() == apks[1].read_bytes()


def test_sizes_when_summed_by_part_then_they_are_the_whole_file(tmp_path):
    packaged(tmp_path, is_mapped=False)
    found = package_apk.sizes(tmp_path / "app.apk")
    whole = found.pop("all")
    assert whole == (tmp_path / "app.apk").stat().st_size == sum(found.values())
    assert found["model"] == 35
    assert {"native library, arm64-v8a", "native library, x86_64", "code", "resources"} <= set(found)


@pytest.mark.parametrize(
    ("attribute", "is_mapped"),
    [('android:extractNativeLibs="false"', True), ('android:extractNativeLibs="true"', False), ("", False)],
)
def test_libraries_when_the_manifest_says_so_then_they_are_mapped(attribute, is_mapped):
    assert package_apk.maps_libraries(f"<application {attribute}>") is is_mapped


def test_program_when_two_jars_have_one_class_then_it_is_refused(tmp_path):
    first = archive(tmp_path / "a.jar", {"x/Y.class": b"1", "META-INF/versions/9/x/Y.class": b"9"})
    second = archive(tmp_path / "b.jar", {"x/Z.class": b"2", "META-INF/proguard/b.pro": b"-keep"})
    shrink_app.write_program([first, second], tmp_path / "program.jar")
    with zipfile.ZipFile(tmp_path / "program.jar") as program:
        assert program.namelist() == ["x/Y.class", "x/Z.class", "META-INF/proguard/b.pro"]
    again = archive(tmp_path / "c.jar", {"x/Y.class": b"3"})
    with pytest.raises(SystemExit, match=r"expected each class once; x/Y.class is in .*a.jar and in .*c.jar"):
        shrink_app.write_program([first, again], tmp_path / "program.jar")


def test_archive_when_unpacked_then_classes_libraries_and_rules_are_found(tmp_path):
    classes = archive(tmp_path / "classes.jar", {"x/Y.class": b"1", "META-INF/MANIFEST.MF": b""})
    contents = {
        "classes.jar": classes.read_bytes(),
        "jni/x86_64/libx.so": b"ELF",
        "headers/x.h": b"",
        "proguard.txt": b"-keep",
    }
    rules = unpack_aar.unpack(archive(tmp_path / "x.aar", contents), tmp_path / "out")
    assert rules == "-keep"
    unpacked = sorted(path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.*"))
    assert unpacked == ["classes/x/Y.class", "jni/x86_64/libx.so"]


def test_version_code_when_a_version_is_later_then_it_is_larger():
    assert app_resources.version_code("0.1.0") == "1000"
    assert int(app_resources.version_code("1.0.0")) > int(app_resources.version_code("0.999.999"))


def test_program_when_it_refuses_then_its_words_and_one_line_end_the_build():
    with pytest.raises(SystemExit, match="no such thing\nexpected the tool to work; it refused"):
        programs.run([sys.executable, "-c", "print('no such thing'); raise SystemExit(1)"], "the tool")


def test_shim_when_the_compiler_refuses_then_its_first_line_is_the_message(tmp_path):
    with pytest.raises(ChildProcessError, match="expected to compile shim.c; .* said: no"):
        compiler = (sys.executable, "-c", "import sys; sys.exit('no')")
        port_library.compile_shim(tmp_path / "libB.so", compiler)


def check_setup(folder: pathlib.Path, *tools: str) -> subprocess.CompletedProcess[str]:
    """Runs the setup script's check where the only programs are those named and what the script itself needs."""
    for tool in ("sh", "sed", "paste"):
        (folder / tool).symlink_to(shutil.which(tool))
    for tool in tools:
        (folder / tool).write_text("")
        (folder / tool).chmod(0o755)
    return subprocess.run(
        ["/bin/sh", SETUP, "--check"], env={"PATH": str(folder)}, capture_output=True, text=True, check=False
    )


def test_setup_when_a_tool_is_missing_then_one_line_names_package_and_script(tmp_path):
    done = check_setup(tmp_path, "javac", "mvn", "apksigner", "gcc", "python3")
    assert done.returncode == 1
    assert done.stderr.startswith("missing: aapt2 (Debian package aapt)")
    assert done.stderr.endswith("; run: sh android_demo/setup.sh\n") and done.stderr.count("\n") == 1


def test_setup_when_given_an_unknown_word_then_it_is_refused():
    done = subprocess.run(["sh", SETUP, "--chek"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "expected no argument or --check; got: --chek\n")
