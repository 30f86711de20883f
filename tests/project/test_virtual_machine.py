"""Native methods of Java find in tools/android what a Java virtual machine gives them."""

from __future__ import annotations

import ctypes
import subprocess
import sys
import types

import pytest

from tests.project import sources
from tools.android.tflite_runtime import virtual_machine as vm
from tools.android.tflite_runtime.virtual_machine import INT, LONG, POINTER, VOID, VirtualMachine


def asked(environment, name, *arguments):
    """Calls a function of the table as a native method does, by its place."""
    _, place, result, after = next(function for function in vm.FUNCTIONS if function[0] == name)
    table = POINTER.from_address(environment).value
    address = POINTER.from_address(table + place * ctypes.sizeof(POINTER)).value
    return ctypes.CFUNCTYPE(result, POINTER, *after)(address)(environment, *arguments)


def method(body, result, *arguments):
    """Returns `body` as the machine calls the native method Class_method."""
    native = ctypes.CFUNCTYPE(result, POINTER, POINTER, *arguments)(body)
    library = types.SimpleNamespace(Java_org_tensorflow_lite_Class_method=native)
    return VirtualMachine().method(library, "Class_method", result, *arguments)


def test_method_when_it_gets_a_text_and_ints_reads_them():
    heard = []

    def body(environment, _, text, ints):
        heard.append(ctypes.string_at(asked(environment, "address", text, None)))
        length = asked(environment, "length", ints)
        heard.append(list((INT * length).from_address(asked(environment, "address", ints, None))))
        return 7

    assert method(body, LONG, POINTER, POINTER)(b"encode", [1, 4, 32]) == 7
    assert heard == [b"encode", [1, 4, 32]]


def test_method_when_it_makes_texts_and_shapes_returns_them():
    def names(environment, _):
        array = asked(environment, "new_array", 2, asked(environment, "find_class", b"java/lang/String"), None)
        for place, name in enumerate((b"x", b"y")):
            address = ctypes.cast(ctypes.c_char_p(name), POINTER)
            asked(environment, "set_element", array, place, asked(environment, "new_text", address))
        return array

    def shape(environment, _):
        array = asked(environment, "new_ints", 3)
        values = (INT * 2)(5, 6)
        asked(environment, "set_ints", array, 1, 2, ctypes.addressof(values))
        return array

    assert vm.texts(method(names, POINTER)()) == ["x", "y"]
    assert [*method(shape, POINTER)()] == [0, 5, 6]


def test_method_when_it_gets_and_makes_a_buffer_passes_address_and_size():
    def body(environment, _, buffer):
        address = asked(environment, "buffer_address", buffer)
        return asked(environment, "new_buffer", address + 1, asked(environment, "buffer_size", buffer) - 1)

    assert method(body, POINTER, POINTER)((4096, 8)) == (4097, 7)


def test_method_when_it_throws_raises_its_message_once():
    throws = [True, False]

    def body(environment, _):
        assert not asked(environment, "is_thrown")
        if throws.pop(0):
            asked(environment, "throw_new", asked(environment, "find_class", b"java/lang/Error"), b"no such op")
            assert asked(environment, "is_thrown")

    call = method(body, VOID)
    with pytest.raises(RuntimeError, match="^no such op$"):
        call()
    assert call() is None


def test_process_when_a_method_asks_for_what_is_missing_ends():
    code = (
        "import ctypes, types; from tools.android.tflite_runtime import virtual_machine as vm\n"
        "P = vm.POINTER; at = lambda place: P.from_address(place).value\n"
        "body = lambda env, _: ctypes.CFUNCTYPE(None)(at(at(env) + 8 * 100))()\n"
        "library = types.SimpleNamespace(Java_org_tensorflow_lite_m=ctypes.CFUNCTYPE(None, P, P)(body))\n"
        "vm.VirtualMachine().method(library, 'm', None)()"
    )
    environment = {"PYTHONPATH": str(sources.ROOT)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert done.returncode == 70 and "asked for another" in done.stderr
