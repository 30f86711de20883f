"""Each rule on packages speaks about its app and not about the twin."""

from __future__ import annotations

import pytest

from tests import apks
from tests.apks import axml, binaries
from tests.apks.app import INTERPRETER, LIBRARY, model, published
from tests.apks.zips import DEFLATED, Entry
from tests.unit.checks.apk_rules.examples import EXAMPLES, Example
from tfedge.artifacts import sha256_hex
from tfedge.checks.apk_rules import RULES, PackageCase, WantedModel, package_findings
from tfedge.checks.rules.rule import Rule
from tfedge.checks.verdict import Finding
from tfedge.errors import ConfigError
from tfedge.modelfile.apk.package import open_package

INFORMS = ("apk_facts", "apk_runtime")


def findings(data: bytes, wanted: WantedModel | None = None) -> list[Finding]:
    found = package_findings(PackageCase(open_package(data), wanted))
    return [finding for finding in found if finding.gate not in INFORMS]


def verdicts(data: bytes, rule: str) -> list[str]:
    return [finding.verdict for finding in findings(data) if finding.gate == rule]


def test_sound_app_when_checked_hears_nothing() -> None:
    assert findings(apks.build()) == []


def test_every_rule_has_one_example_and_every_example_a_rule() -> None:
    assert sorted(example.rule for example in EXAMPLES) == sorted(rule.id for rule in RULES)
    assert [one.rule for one in EXAMPLES if one.trigger == one.twin] == [
        "model_matches"
    ]  # It differs by what is wanted.


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.rule)
def test_rule_when_its_app_and_the_twin_are_checked_speaks_of_the_app_alone(example: Example) -> None:
    of_app = [one for one in findings(example.app(example.trigger), example.wanted) if one.gate == example.rule]
    (finding,) = of_app
    assert finding.verdict == ("pass" if example.is_note else "fail")
    assert finding.message and finding.cause and finding.consequence and finding.fix
    assert [one for one in findings(example.app(example.twin)) if one.gate == example.rule] == []


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.rule)
def test_twin_when_checked_is_failed_by_no_rule(example: Example) -> None:
    assert [one.gate for one in findings(example.app(example.twin)) if one.verdict != "pass"] == []


def test_every_rule_says_why_it_exists() -> None:
    words = ("Measured", "Published", "A note")
    assert [rule.id for rule in RULES if not any(word in (rule.check.__doc__ or "") for word in words)] == []


def test_rule_when_named_otherwise_than_its_function_is_refused() -> None:
    with pytest.raises(ConfigError, match="documented function of that name"):
        Rule("other", RULES[0].check)


def test_facts_when_all_is_known_name_it() -> None:
    tree = axml.manifest("org.words", 26, 36, ["android.permission.VIBRATE", "org.words.OWN"])
    first, second, *_ = package_findings(PackageCase(open_package(apks.build(manifest=tree))))
    assert first.message == (
        "org.words 1.2 (7); min SDK 26, target SDK 36; permissions VIBRATE, org.words.OWN; ABIs arm64-v8a, x86_64; "
        "1 model; signed by v2, v3"
    )
    assert second.message == f"{LIBRARY} of org.tensorflow:tensorflow-lite 2.16.1 for arm64-v8a, x86_64"


@pytest.mark.parametrize(
    ("version", "said"),
    [("2.17.0", "which says 2.17.0"), ("", "which says no version"), ("2.16.1\0and\0001.2.3", "which says no version")],
)
def test_runtime_when_not_published_is_told_as_it_says_itself(version: str, said: str) -> None:
    data = apks.build(libraries={f"arm64-v8a/{LIBRARY}": binaries.interpreter(version=version)})
    _, runtime, *_ = package_findings(PackageCase(open_package(data)))
    assert runtime.message == f"{LIBRARY}, {said} for arm64-v8a"


def test_runtime_when_linked_into_another_library_is_found_by_its_words() -> None:
    data = apks.build(libraries={"arm64-v8a/libapp.so": binaries.interpreter(version="2.15.0")})
    assert open_package(data).runtimes[0].versions == ("2.15.0",)
    assert verdicts(data, "runtime_missing") == []


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, ["fail"]),
        ({"dex": (binaries.dex(["Lcom/google/android/gms/tflite/java/TfLite;"]),)}, ["pass"]),
        ({"manifest": axml.manifest(split="config.en")}, []),
    ],
    ids=["nothing", "play_services", "split"],
)
def test_runtime_missing_when_it_may_be_elsewhere_fails_nothing(changes: dict[str, object], verdict: list[str]) -> None:
    assert verdicts(apks.build(libraries={}, **changes), "runtime_missing") == verdict


def test_libraries_by_abi_when_it_is_no_interpreter_is_a_note() -> None:
    both = {f"{abi}/{LIBRARY}": published(abi) for abi in ("arm64-v8a", "x86_64")}
    assert verdicts(apks.build(libraries={**both, "x86_64/a.so": binaries.elf("x86_64")}), "libraries_by_abi") == [
        "pass"
    ]
    missing = {f"arm64-v8a/{LIBRARY}": published("arm64-v8a"), "x86_64/a.so": binaries.elf("x86_64")}
    assert verdicts(apks.build(libraries=missing), "libraries_by_abi") == ["fail", "pass"]


@pytest.mark.parametrize("rule", ["zip_alignment_16kb", "libraries_compressed"])
def test_rule_when_libraries_are_copied_out_at_installation_is_a_note(rule: str) -> None:
    method = DEFLATED if rule == "libraries_compressed" else 0
    assert verdicts(apks.build(library_align=4, library_method=method), rule) == ["pass"]


def test_page_size_when_the_abi_has_32_bits_is_no_matter() -> None:
    both = {f"{abi}/{LIBRARY}": published(abi, align) for abi, align in (("arm64-v8a", 2**14), ("armeabi-v7a", 4096))}
    assert verdicts(apks.build(libraries=both), "page_size_16kb") == []


def test_page_size_when_no_interpreter_is_concerned_says_how_to_link() -> None:
    data = apks.build(
        libraries={f"arm64-v8a/{LIBRARY}": published("arm64-v8a"), "arm64-v8a/a.so": binaries.elf(align=4096)}
    )
    (finding,) = [one for one in findings(data) if one.gate == "page_size_16kb"]
    assert "a.so of arm64-v8a (p_align 0x1000)" in finding.message and "max-page-size=16384" in finding.fix


@pytest.mark.parametrize(
    ("schemes", "min_sdk", "target_sdk", "verdict"),
    [
        ((binaries.V1,), 26, 36, ["fail"]),
        ((binaries.V1,), 23, 29, []),
        ((binaries.V2,), 23, 36, ["fail"]),
        ((binaries.V2,), 24, 36, []),
        ((binaries.V1, binaries.V2), 21, 36, []),
    ],
)
def test_signature_schemes_when_releases_need_another_fails(
    schemes: tuple[int | str, ...], min_sdk: int, target_sdk: int, verdict: list[str]
) -> None:
    tree = axml.manifest(min_sdk=min_sdk, target_sdk=target_sdk)
    assert verdicts(apks.build(schemes=schemes, manifest=tree), "signature_schemes") == verdict


def test_interpreter_class_when_the_shrinker_renamed_it_is_not_missed() -> None:
    assert verdicts(apks.build(dex=(binaries.dex(["La/b;"], ["La/c;"]),)), "interpreter_class_missing") == []
    assert verdicts(apks.build(dex=(binaries.dex([], [INTERPRETER]),)), "interpreter_class_missing") == ["fail"]


def test_model_matches_when_equal_passes_and_says_which() -> None:
    wanted = WantedModel("other_name.tflite", sha256_hex(model()), sha256_hex(model()))
    data = apks.build(assets={"a.tflite": b"TFL3" * 9, "b.tflite": model()})
    (finding,) = [one for one in findings(data, wanted) if one.gate == "model_matches"]
    assert (finding.verdict, finding.message.split(" is ")[0]) == ("pass", "assets/b.tflite")


@pytest.mark.parametrize(
    ("parts", "assets", "said"),
    [
        ((("assets/g2p.tflite", "1" * 64),), None, "same model with another pack"),
        ((("assets/g2p.tflite", "2" * 64),), None, "an older or another model"),
        ((), {}, "holds no model"),
    ],
)
def test_model_matches_when_another_is_inside_says_in_what_it_differs(parts, assets, said) -> None:
    package = open_package(apks.build(assets=assets))
    found = package_findings(PackageCase(package, WantedModel("m.tflite", "3" * 64, "1" * 64), parts))
    (finding,) = [one for one in found if one.gate == "model_matches"]
    assert finding.verdict == "fail" and said in finding.cause


@pytest.mark.parametrize("name", ["/etc/passwd", "..\\..\\a", "C:\\a", "a/../b", "assets/a\0.txt"])
def test_unsafe_names_when_a_name_leads_out_fails(name: str) -> None:
    assert verdicts(apks.build(more=(Entry(name, b"x"),)), "unsafe_names") == ["fail"]


def test_unsafe_names_when_an_entry_is_a_link_fails() -> None:
    assert verdicts(apks.build(more=(Entry("assets/a", b"/etc/passwd", mode=0o120777),)), "unsafe_names") == ["fail"]


@pytest.mark.parametrize(
    "local",
    [{"method": 8}, {"flags": 0x801}, {"crc": 1}, {"stored": 7}, {"size": 7}, {"name": "assets/b"}],
    ids=lambda local: next(iter(local)),
)
def test_entry_headers_when_one_field_differs_names_it(local: dict[str, object]) -> None:
    (finding,) = [
        one for one in findings(apks.build(more=(Entry("assets/a", b"x", local=local),))) if one.gate == "entry_headers"
    ]
    assert finding.message.startswith("headers that contradict the zip's directory: assets/a (")
