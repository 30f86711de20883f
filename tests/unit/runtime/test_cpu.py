from __future__ import annotations

import pytest

from tfedge.runtime import cpu

X86 = ["flags\t\t: fpu avx2 avx512f sse", "model\t\t: 17", "model name\t: AMD EPYC"]
PI4 = ["CPU part\t: 0xd08", "Features\t: fp asimd crc32", "Model\t\t: Raspberry Pi 4 Model B Rev 1.4"]
BOARD = ["CPU part\t: 0xd0b", "Features\t: fp asimd asimddp"]


@pytest.mark.parametrize(
    ("lines", "machine", "words"),
    [
        (X86, "x86_64", "AMD EPYC, 4 cores, avx2 avx512f"),
        (PI4, "aarch64", "Raspberry Pi 4 Model B Rev 1.4, 4 cores, asimd"),
        (BOARD, "aarch64", "0xd0b, 4 cores, asimd asimddp"),
        ([], "arm64", "arm64, 4 cores"),
    ],
)
def test_cpu_text_when_given_the_lines_of_a_machine_names_it(lines, machine, words):
    assert cpu.cpu_text(lines, machine, 4) == words


def test_this_cpu_when_asked_counts_cores():
    assert "cores" in cpu.this_cpu()
