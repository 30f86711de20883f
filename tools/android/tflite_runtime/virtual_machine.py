"""As much of a Java virtual machine as the native methods of TensorFlow Lite's Java classes ask for.

A native method gets a pointer to a table of functions (the Java Native Interface), and asks them for what lies inside
strings, arrays and buffers, for new ones, and to throw. Here these live in Python, and what a method throws becomes a
`RuntimeError` with Java's own message.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

VOID, POINTER, TEXT, INT = None, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int32
LONG, BOOLEAN = ctypes.c_int64, ctypes.c_uint8
TABLE_SIZE = 233  # functions of JNI 1.6, four empty places at its beginning included
# A method of the machine, its place in the table (JNI specification, "Interface Function Table"), its result and what
# follows the pointer to the table.
FUNCTIONS = (
    ("find_class", 6, POINTER, (TEXT,)),
    ("throw_new", 14, INT, (POINTER, TEXT)),
    ("same", 21, POINTER, (POINTER,)),
    ("forget", 23, VOID, (POINTER,)),
    ("find_method", 33, POINTER, (POINTER, TEXT, TEXT)),
    ("length_of_list", 50, INT, (POINTER, POINTER, POINTER)),
    ("new_text", 167, POINTER, (POINTER,)),
    ("address", 169, POINTER, (POINTER, POINTER)),
    ("release_text", 170, VOID, (POINTER, POINTER)),
    ("length", 171, INT, (POINTER,)),
    ("new_array", 172, POINTER, (INT, POINTER, POINTER)),
    ("set_element", 174, VOID, (POINTER, INT, POINTER)),
    ("new_ints", 179, POINTER, (INT,)),
    ("address", 187, POINTER, (POINTER, POINTER)),
    ("release_ints", 195, VOID, (POINTER, POINTER, INT)),
    ("set_ints", 211, VOID, (POINTER, INT, INT, POINTER)),
    ("is_thrown", 228, BOOLEAN, ()),
    ("new_buffer", 229, POINTER, (POINTER, LONG)),
    ("buffer_address", 230, POINTER, (POINTER,)),
    ("buffer_size", 231, LONG, (POINTER,)),
)


class VirtualMachine:
    """Objects by handle, and the table of functions that hands them to native methods."""

    def __init__(self) -> None:
        self._objects: dict[int, Any] = {}
        self._next = 1
        self._thrown: str | None = None
        self._functions = [ctypes.CFUNCTYPE(VOID)(_missing)] * TABLE_SIZE
        for name, place, result, arguments in FUNCTIONS:
            method = getattr(self, "_" + name)
            self._functions[place] = ctypes.CFUNCTYPE(result, POINTER, *arguments)(method)
        addresses = [ctypes.cast(function, POINTER).value for function in self._functions]
        self._table = (POINTER * TABLE_SIZE)(*addresses)
        self._environment = POINTER(ctypes.addressof(self._table))  # whose address is what methods get

    def method(self, library: ctypes.CDLL, name: str, result: Any, *arguments: Any) -> Callable[..., Any]:
        """Returns a static native method, `Class_method` of org.tensorflow.lite; texts, int arrays and buffers go as
        Python's bytes, lists and (address, size), an empty list as (), and POINTER results come back as objects."""
        function = getattr(library, f"Java_org_tensorflow_lite_{name}")
        function.restype, function.argtypes = result, (POINTER, POINTER, *arguments)

        def call(*values: Any) -> Any:
            self._objects.clear()
            handles = [self._stored(v) if isinstance(v, (bytes, list, tuple)) else v for v in values]
            given = function(ctypes.byref(self._environment), None, *handles)
            thrown, self._thrown = self._thrown, None
            if thrown is not None:
                raise RuntimeError(thrown)
            return self._objects.get(given) if result is POINTER else given

        return call

    def _stored(self, value: Any) -> int:
        if isinstance(value, bytes):
            value = ctypes.create_string_buffer(value)
        elif isinstance(value, list):
            value = (INT * len(value))(*value)
        self._next += 1
        self._objects[self._next] = value
        return self._next

    def _find_class(self, _: int, name: bytes) -> int:
        return self._stored(name)

    def _throw_new(self, _: int, __: int, message: bytes) -> int:
        self._thrown = message.decode(errors="replace")
        return 0

    def _same(self, _: int, handle: int) -> int:
        return handle

    def _forget(self, _: int, handle: int) -> None:
        """A local reference ends; every object lives as long as the call."""

    def _find_method(self, _: int, __: int, ___: bytes, ____: bytes) -> int:
        return 1

    def _length_of_list(self, _: int, handle: int, __: int, ___: int) -> int:
        return len(self._objects[handle])

    def _new_text(self, _: int, address: int) -> int:
        return self._stored(ctypes.string_at(address))

    def _address(self, _: int, handle: int, __: int) -> int:
        return ctypes.addressof(self._objects[handle])

    def _release_text(self, _: int, __: int, ___: int) -> None:
        """Nothing was copied."""

    def _release_ints(self, _: int, __: int, ___: int, ____: int) -> None:
        """Nothing was copied."""

    def _length(self, _: int, handle: int) -> int:
        return len(self._objects[handle])

    def _new_array(self, _: int, length: int, __: int, first: int) -> int:
        handle = self._stored(())
        self._objects[handle] = [self._objects.get(first)] * length
        return handle

    def _set_element(self, _: int, handle: int, place: int, element: int) -> None:
        self._objects[handle][place] = self._objects[element]

    def _new_ints(self, _: int, length: int) -> int:
        return self._stored([0] * length)

    def _set_ints(self, _: int, handle: int, start: int, count: int, values: int) -> None:
        held = self._objects[handle]
        ctypes.memmove(ctypes.addressof(held) + start * ctypes.sizeof(INT), values, count * ctypes.sizeof(INT))

    def _is_thrown(self, _: int) -> bool:
        return self._thrown is not None

    def _new_buffer(self, _: int, address: int | None, size: int) -> int:
        return self._stored((address, size))

    def _buffer_address(self, _: int, handle: int) -> int | None:
        address: int | None = self._objects[handle][0]
        return address

    def _buffer_size(self, _: int, handle: int) -> int:
        return int(self._objects[handle][1])


def texts(array: Sequence[Any]) -> list[str]:
    """Returns an array of Java's strings as Python's."""
    return [element.value.decode() for element in array]


def _missing() -> None:
    """Ends the process where a native method asks for what is not here: the answer would be this file's."""
    print("expected one of the functions in virtual_machine.py; a native method asked for another", file=sys.stderr)
    sys.stderr.flush()
    os._exit(70)
