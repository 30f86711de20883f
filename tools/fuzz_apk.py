"""Damages small Android packages by the thousand and checks them: each must be judged in words, in bounded time.

    python -m tools.fuzz_apk [--count N] [--seed S] [--start I] [--save FOLDER]

Half of the cases damage one part (manifest, dex, library, model, signing block) and pack it again, so that sums are
right and readers look inside; the others damage the finished zip, headers above all. Case I of seed S is always the
same bytes. Whatever leaves the check is a finding, and so is a case of more than 5 s of processor time or 1.5 GB.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import random
import struct
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence

from tfedge.reports import check_table, junit
from tfedge.reports.check_package import PackageOptions, check_package
from tfedge.reports.check_report import CheckReport, FileCheck
from tfedge.reports.conditions import Conditions
from tools.fuzz_mutations import BLIND, NUMBERS, Places, Sample
from tools.fuzz_reader import HANG_SECONDS, MAX_SECONDS, Tally, alarm, limited_memory

# part -> its bytes, and what packs a set of them.
Parts = dict[str, bytes]
_MARKS = (b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06", b"APK Sig Block 42")
_NOWHERE = Places((), (), (), (), (), {}, ())


def mutated(seed: int, index: int, parts: Parts, pack: Callable[[Parts], bytes]) -> tuple[str, bytes]:
    """Returns case `index` of `seed`: what was done, and the bytes."""
    rng = random.Random(f"{seed}:{index}")
    if rng.random() < 0.5:
        name = rng.choice(sorted(parts))
        return name, pack({**parts, name: _damaged(rng, parts[name])})
    whole = pack(parts)
    if rng.random() < 0.4:
        return "zip, blindly", _damaged(rng, whole)
    return "zip headers", _headers(rng, whole)


def _damaged(rng: random.Random, content: bytes) -> bytes:
    data = bytearray(content)
    sample = Sample("part", content, _NOWHERE)
    for _ in range(rng.choice((1, 1, 2, 3))):
        if not data:
            break
        if rng.random() < 0.5:
            at = rng.randrange(max(1, len(data) // 2)) * 2
            _put(rng, data, at, rng.choice((1, 2, 4, 8)))
        else:
            rng.choice(BLIND)(rng, data, sample, [sample])
    return bytes(data)


def _headers(rng: random.Random, whole: bytes) -> bytes:
    data = bytearray(whole)
    places = [at for mark in _MARKS for at in _all(whole, mark)]
    for _ in range(rng.randint(1, 3)):
        at = rng.choice(places) + rng.randrange(-24, 48)
        _put(rng, data, max(0, at), rng.choice((1, 2, 4)))
    return bytes(data)


def _all(data: bytes, mark: bytes) -> list[int]:
    found, at = [], data.find(mark)
    while at >= 0:
        found.append(at)
        at = data.find(mark, at + 1)
    return found


def _put(rng: random.Random, data: bytearray, at: int, size: int) -> None:
    if at + size <= len(data):
        near = struct.unpack_from("<I", data, at)[0] + rng.randint(-3, 3) if at + 4 <= len(data) else 0
        value = rng.choice((rng.choice(NUMBERS), rng.randrange(256), near, len(data) + rng.randint(-30, 30)))
        data[at : at + size] = (value % 256**size).to_bytes(size, "little")


def judge(data: bytes, options: PackageOptions) -> tuple[FileCheck, ...]:
    """Checks a package and draws what is found in every form; whatever it raises is a finding."""
    files = check_package(pathlib.Path("fuzz.apk"), data, options)
    report = CheckReport(files, _HERE, has_run=False)
    json.dumps(report.to_json(), allow_nan=False).encode("utf-8")
    junit.junit_xml(report)
    if not all(line.isprintable() for line in check_table.check_lines(report, width=100)):
        raise ValueError("a letter that is not printable was drawn")
    return files


_HERE = Conditions.here()


def fuzz(
    count: int,
    parts: Parts,
    pack: Callable[[Parts], bytes],
    options: PackageOptions,
    seed: int = 1,
    start: int = 0,
    save: pathlib.Path | None = None,
) -> tuple[Tally, Counter[str]]:
    """Tries `count` cases from `start` on; returns the tally, and how often each gate failed."""
    tally, gates = Tally(), Counter[str]()
    with limited_memory():
        for index in range(start, start + count):
            what, data = mutated(seed, index, parts, pack)
            started, problem = time.process_time(), ""
            try:
                with alarm(HANG_SECONDS):
                    files = judge(data, options)
                failed = {
                    one.gate
                    for file in files
                    for each in file.targets
                    for one in each.findings
                    if one.verdict == "fail"
                }
                gates.update(failed)
                tally.outcomes["refused" if "apk_readable" in failed else "read"] += 1
            except Exception:  # Whatever it is, it is what this tool looks for.
                problem = traceback.format_exc()
            seconds = time.process_time() - started
            tally.slowest = max(tally.slowest, (seconds, index))
            if problem or seconds > MAX_SECONDS:
                tally.findings.append(f"case {index} of seed {seed} ({what}): {problem or f'{seconds:.1f} s'}")
                if save:
                    save.mkdir(parents=True, exist_ok=True)
                    (save / f"case_{seed}_{index}.apk").write_bytes(data)
    return tally, gates


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line on an app of the tests; returns 1 where something was found."""
    from tests.apks import parts as sample

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100_000, help="cases (default: 100,000)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--start", type=int, default=0, help="first case")
    parser.add_argument("--save", type=pathlib.Path, metavar="FOLDER", help="where to keep cases that found something")
    args = parser.parse_args(arguments)
    tally, gates = fuzz(args.count, sample.PARTS, sample.pack, sample.OPTIONS, args.seed, args.start, args.save)
    for finding in tally.findings[:20]:
        print(finding)
    seconds, index = tally.slowest
    print(
        f"{args.count:,} damaged packages: {dict(tally.outcomes)}; slowest {seconds:.2f} s (case {index}); "
        f"{len(tally.findings)} findings; failed gates: {dict(gates.most_common())}"
    )
    return 1 if tally.findings else 0


if __name__ == "__main__":
    sys.exit(main())
