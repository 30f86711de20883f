"""One line a rule on packages: an app that it speaks about, and a near twin of which it says nothing."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from tests import apks
from tests.apks import axml, binaries
from tests.apks.app import INTERPRETER, LIBRARY, model, published
from tests.apks.zips import DEFLATED, Entry
from tfedge.checks.apk_rules import WantedModel

Changes = Mapping[str, object]
_ARM64 = f"arm64-v8a/{LIBRARY}"


@dataclasses.dataclass(frozen=True)
class Example:
    """What a rule must say, and where it must be silent.

    Attributes:
        rule: its id.
        trigger, twin: changes of a sound app.
        is_note: whether the finding passes and only names a risk.
        wanted: the model that must be inside.
    """

    rule: str
    trigger: Changes
    twin: Changes
    is_note: bool = False
    wanted: WantedModel | None = None

    def app(self, changes: Changes) -> bytes:
        """Returns the package of `trigger` or `twin`."""
        return apks.build(**changes)


def _app(**attributes: object) -> Changes:
    return {"manifest": axml.manifest(**attributes)}  # type: ignore[arg-type]


def _libraries(**more: bytes) -> Changes:
    """An app with the published arm64 library, and others by "abi__name"."""
    named = {place.replace("__", "/", 1).replace("_so", ".so"): data for place, data in more.items()}
    return {"libraries": {_ARM64: published("arm64-v8a")} | {_abi(place): data for place, data in named.items()}}


def _abi(place: str) -> str:
    return place.replace("arm64_v8a", "arm64-v8a").replace("armeabi_v7a", "armeabi-v7a")


def _arm64(data: bytes, **changes: object) -> Changes:
    return {"libraries": {_ARM64: data}, **changes}


def _entry(name: str = "assets/words.txt", content: bytes = b"a b c", **fields: object) -> Changes:
    return {"more": (Entry(name, content, **fields),)}  # type: ignore[arg-type]


def _declaring(size: int) -> Changes:
    """An entry that is one kilobyte packed, and says that it is more unpacked."""
    return _entry(content=bytes(range(256)) * 4, central={"size": size}, local={"size": size}, method=8)


_OTHER = "Lorg/tensorflow/lite/Tensor;"
_LITERT = "Lcom/google/ai/edge/litert/CompiledModel;"
_WANTED = WantedModel("g2p.tflite", "0" * 64, "0" * 64)
_OLD = binaries.interpreter(more=b"\0strtod_l\0", build_id="385d6d92f29b4b4cb3ffca33758d3471")

EXAMPLES: tuple[Example, ...] = (
    # Each of the zip's rules differs from its twin by a field or a name.
    Example("duplicate_entries", _entry("resources.arsc"), _entry("resources.arsc2")),
    Example("overlapping_entries", _entry(at=0, central={"stored": 740, "size": 740}), _entry()),
    Example("entry_headers", _entry(local={"name": "assets/wordz.txt"}), _entry(local={"name": "assets/words.txt"})),
    Example(
        "encrypted_entries",
        _entry(local={"flags": 0x801}, central={"flags": 0x801}),
        _entry(local={"flags": 0x806}, central={"flags": 0x806}),
    ),
    Example("entry_method", _entry(method=93), _entry(method=8)),
    Example("unsafe_names", _entry("assets/../../words.txt"), _entry("assets/..words/a...txt")),
    Example("zip_bomb", _declaring(65 * 2**20), _declaring(63 * 2**20)),
    Example("zip64", _entry(central={"size": 2**32 - 1}), _entry()),
    Example("entry_damaged", _arm64(b"\x7fELG" + bytes(99)), _arm64(published("arm64-v8a"))),
    Example("target_sdk", _app(target_sdk=35), _app(target_sdk=36), is_note=True),
    Example("debuggable", _app(debuggable=True), _app(debuggable=False)),
    Example("only_for_tests", _app(testOnly=True), _app(testOnly=False)),
    Example(
        "internet_permission",
        _app(permissions=["android.permission.INTERNET"]),
        _app(permissions=["android.permission.VIBRATE"]),
        is_note=True,
    ),
    Example("cleartext_traffic", _app(usesCleartextTraffic=True), _app(usesCleartextTraffic=False), is_note=True),
    Example("split_package", _app(split="config.arm64_v8a"), _app(), is_note=True),
    Example(
        "stored_resources",
        {"without": ["resources.arsc"], **_entry("resources.arsc", bytes(100), method=8)},
        {"without": ["resources.arsc"], **_entry("resources.arsc", bytes(100))},
    ),
    Example(
        "arm64_missing",
        {"libraries": {f"armeabi-v7a/{LIBRARY}": published("armeabi-v7a")}},
        _libraries(**{f"armeabi_v7a__{LIBRARY}": published("armeabi-v7a")}),
    ),
    Example(
        "libraries_by_abi",
        _libraries(x86_64__libother_so=binaries.elf("x86_64"), arm64_v8a__libother_so=binaries.elf()),
        _libraries(arm64_v8a__libother_so=binaries.elf()),
    ),
    Example(
        "library_machine",
        _libraries(arm64_v8a__a_so=binaries.elf("x86_64")),
        _libraries(arm64_v8a__a_so=binaries.elf()),
    ),
    Example("page_size_16kb", _arm64(published("arm64-v8a", 4096)), _arm64(published("arm64-v8a", 65_536))),
    Example(
        "zip_alignment_16kb",
        {**_app(extractNativeLibs=False), "library_align": 4096},
        {**_app(extractNativeLibs=False), "library_align": 32_768},
    ),
    Example(
        "libraries_compressed",
        {**_app(extractNativeLibs=False), "library_method": DEFLATED},
        _app(extractNativeLibs=False),
    ),
    Example("runtime_missing", _arm64(binaries.elf()), {"libraries": {}, "assets": {}}),
    Example(
        "runtime_versions",
        _libraries(**{f"x86_64__{LIBRARY}": binaries.interpreter("x86_64", "2.14.0")}),
        _libraries(**{f"x86_64__{LIBRARY}": binaries.interpreter("x86_64", "2.16.1")}),
    ),
    Example("runtime_modified", _arm64(binaries.interpreter()), _arm64(published("arm64-v8a")), is_note=True),
    Example(
        "several_interpreters",
        _libraries(arm64_v8a__libtensorflowlite_c_so=published("arm64-v8a")),
        _libraries(arm64_v8a__libtensorflowlite_gpu_jni_so=binaries.elf()),
        is_note=True,
    ),
    Example(
        "duplicate_classes",
        {"dex": (binaries.dex([INTERPRETER]), binaries.dex([INTERPRETER, _OTHER]))},
        {"dex": (binaries.dex([INTERPRETER], [_OTHER]), binaries.dex([_OTHER], [INTERPRETER]))},
    ),
    Example(
        "interpreter_class_missing",
        {"dex": (binaries.dex([_LITERT], [INTERPRETER]),)},
        {"dex": (binaries.dex([_LITERT]),)},
    ),
    Example("old_android", {**_arm64(_OLD), **_app(min_sdk=24)}, {**_arm64(_OLD), **_app(min_sdk=26)}),
    Example("no_model", {"assets": {}}, {"assets": {"words.bin": model()}}, is_note=True),
    Example("model_compressed", {"model_method": DEFLATED}, {"more": (Entry("assets/a.txt", bytes(99), DEFLATED),)}),
    Example("model_alignment", {"model_align": 1, "assets": {"ab.tflite": model()}}, {"model_align": 4}),
    Example("model_matches", {}, {}, wanted=_WANTED),
    Example("unsigned", {"schemes": ()}, {"schemes": (binaries.V2,)}),
    Example(
        "signing_block",
        {"block": binaries.signing_block()[:8] + b"\xff" + binaries.signing_block()[9:]},
        {"block": binaries.signing_block()},
    ),
    Example("signature_schemes", {"schemes": (binaries.V1,)}, {"schemes": (binaries.V1, binaries.V2)}),
    Example("debug_key", {"certificate": b"CN=Android Debug, O=Android"}, {"certificate": b"CN=Debug"}, is_note=True),
)
