"""How compiled code sees the engine's memory: as one pointer.

A header holds the address and the lengths of every array, and compiled functions
hand each other the header's address only. Numba's own way, every array of a named
tuple by value, is two hundred arguments a call: slow to compile and slow to run.

Elements are read and written in place. Indexing is plain: no index is checked, and
none counts from the end. Integers of any width are read as 64 bits, so that each
function is compiled for one kind of argument.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.datamodel.models import OpaqueModel
from numba.core.extending import NativeValue, intrinsic, register_model, unbox
from numba.core.imputils import (
    lower_builtin,
    lower_getattr,
    lower_getattr_generic,
    lower_setattr_generic,
)
from numba.core.typing.templates import (
    AbstractTemplate,
    AttributeTemplate,
    infer_getattr,
    infer_global,
    signature,
)
from numba.np.arrayobj import populate_array
from numpy.typing import NDArray

#: Words of the header for each array: its address and up to three lengths.
WORDS = 4
_WORD = ir.IntType(64)
_PLACES = {
    "f8": ir.DoubleType(),
    "i8": _WORD,
    "i4": ir.IntType(32),
    "i2": ir.IntType(16),
    "i1": ir.IntType(8),
}
_ELEMENTS = {"f8": types.float64, "i8": types.int64, "i1": types.int8}


class RowType(types.Type):
    """An element with fields, where it lies."""

    def __init__(self, name: str, dtype: np.dtype[Any]) -> None:
        assert dtype.fields is not None
        self.fields = {key: (_code(field[0]), field[1]) for key, field in dtype.fields.items()}
        self.size = dtype.itemsize
        super().__init__(f"Row({name})")


class TableType(types.Type):
    """An array of the memory: the header's address, and which of its entries it is."""

    def __init__(self, name: str, at: int, dtype: np.dtype[Any], ndim: int) -> None:
        self.at, self.ndim, self.size = at, ndim, dtype.itemsize
        self.code = None if dtype.fields else _code(dtype)
        self.element = RowType(name, dtype) if dtype.fields else _kind(_code(dtype))
        super().__init__(f"Table({name})")


class MemoryType(types.Type):
    """All arrays of a memory, by name: element and number of dimensions."""

    def __init__(self, memory: str, arrays: Mapping[str, tuple[Any, int]]) -> None:
        # Types of one name are one type, so tables have their memory's before their own.
        self.tables = {
            name: TableType(f"{memory}.{name}", i, np.dtype(dtype), ndim)
            for i, (name, (dtype, ndim)) in enumerate(arrays.items())
        }
        super().__init__(memory)


for _type in (RowType, TableType, MemoryType):
    register_model(_type)(OpaqueModel)


def header_of(arrays: Mapping[str, NDArray[Any]]) -> NDArray[np.int64]:
    """Return the header of arrays; it must not outlive them."""
    header = np.zeros((len(arrays), WORDS), np.int64)
    for row, array in zip(header, arrays.values(), strict=True):
        row[0] = array.__array_interface__["data"][0]
        row[1 : 1 + array.ndim] = array.shape
    return header


def _code(dtype: np.dtype[Any]) -> str:
    return dtype.str[1:]


def _kind(code: str) -> Any:
    """Return what a stored number is read as."""
    return types.float64 if code == "f8" else types.int64


@unbox(MemoryType)
def _unbox(typ: Any, obj: Any, c: Any) -> Any:
    number = c.pyapi.object_getattr_string(obj, "address")
    address = c.pyapi.long_as_voidptr(number)
    c.pyapi.decref(number)
    return NativeValue(address, is_error=cgutils.is_not_null(c.builder, c.pyapi.err_occurred()))


def _as_array(typing: Any, table: Any) -> Any:
    """Take a table of numbers for the array it is: to hand it to a law."""
    if not isinstance(table, TableType) or table.code not in _ELEMENTS:
        return None
    kind = types.Array(_ELEMENTS[table.code], table.ndim, "C")

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        array = context.make_array(kind)(context, builder)
        shape = [_word(builder, table, args[0], 1 + i) for i in range(table.ndim)]
        strides = [ir.Constant(_WORD, table.size)]
        for length in shape[:0:-1]:
            strides.insert(0, builder.mul(strides[0], length))
        base = builder.inttoptr(_word(builder, table, args[0], 0), array.data.type)
        itemsize = ir.Constant(_WORD, table.size)
        # Nobody counts references to it: the memory outlives every call.
        populate_array(array, base, shape, strides, itemsize, None)
        return array._getvalue()

    return signature(kind, table), lower


as_array: Any = intrinsic(_as_array)

# What compiled code may say: memory.array, array[i], array[i, j], len(array), array.shape,
# row.field, and the same on the left of an assignment.


@infer_getattr
class _Arrays(AttributeTemplate):
    key = MemoryType

    def generic_resolve(self, typ: Any, attr: str) -> Any:  # type: ignore[override]
        return typ.tables.get(attr)


@infer_getattr
class _Shape(AttributeTemplate):
    key = TableType

    def resolve_shape(self, typ: Any) -> Any:
        return types.UniTuple(types.intp, typ.ndim)


@infer_getattr
class _Fields(AttributeTemplate):
    key = RowType

    def generic_resolve(self, typ: Any, attr: str) -> Any:  # type: ignore[override]
        return _kind(typ.fields[attr][0]) if attr in typ.fields else None


@infer_global(len)
class _Len(AbstractTemplate):
    def generic(self, args: Any, kws: Any) -> Any:
        return signature(types.intp, *args) if isinstance(args[0], TableType) else None


@infer_global(operator.getitem)
class _Get(AbstractTemplate):
    def generic(self, args: Any, kws: Any) -> Any:
        return signature(args[0].element, *args) if _indexed(*args) else None


@infer_global(operator.setitem)
class _Set(AbstractTemplate):
    def generic(self, args: Any, kws: Any) -> Any:
        table, index, _ = args
        return (
            signature(types.none, table, index, table.element) if _indexed(table, index) else None
        )


def _indexed(table: Any, index: Any) -> bool:
    if not isinstance(table, TableType):
        return False
    kinds = _kinds(index)
    return len(kinds) == table.ndim and all(isinstance(kind, types.Integer) for kind in kinds)


def _kinds(index: Any) -> list[Any]:
    several: bool = isinstance(index, types.BaseTuple)
    return list(index) if several else [index]


@lower_getattr_generic(MemoryType)
def _array(context: Any, builder: Any, typ: Any, value: Any, attr: str) -> Any:
    return value


@lower_getattr(TableType, "shape")
def _shape(context: Any, builder: Any, typ: Any, value: Any) -> Any:
    lengths = [_word(builder, typ, value, 1 + i) for i in range(typ.ndim)]
    return context.make_tuple(builder, types.UniTuple(types.intp, typ.ndim), lengths)


@lower_builtin(len, TableType)
def _len(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    return _word(builder, sig.args[0], args[0], 1)


@lower_builtin(operator.getitem, TableType, types.Integer)
@lower_builtin(operator.getitem, TableType, types.BaseTuple)
def _get(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    place = _place(context, builder, sig, args)
    code = sig.args[0].code
    return place if code is None else _read(builder, place, code)


@lower_builtin(operator.setitem, TableType, types.Integer, types.Any)
@lower_builtin(operator.setitem, TableType, types.BaseTuple, types.Any)
def _set(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    place, table = _place(context, builder, sig, args), sig.args[0]
    if table.code is None:
        cgutils.raw_memcpy(builder, place, args[2], ir.Constant(_WORD, table.size), 1)
    else:
        _write(builder, place, table.code, args[2])
    return context.get_dummy_value()


@lower_getattr_generic(RowType)
def _field(context: Any, builder: Any, typ: Any, value: Any, attr: str) -> Any:
    code, offset = typ.fields[attr]
    return _read(builder, _moved(builder, value, offset), code)


@lower_setattr_generic(RowType)
def _set_field(context: Any, builder: Any, sig: Any, args: Any, attr: str) -> None:
    row, value = args
    code, offset = sig.args[0].fields[attr]
    _write(builder, _moved(builder, row, offset), code, value)


def _place(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    """Return the address of an element."""
    table, index = sig.args[:2]
    many = isinstance(index, types.BaseTuple)
    parts = cgutils.unpack_tuple(builder, args[1]) if many else [args[1]]
    at = None
    for i, (part, kind) in enumerate(zip(parts, _kinds(index), strict=True)):
        word = context.cast(builder, part, kind, types.intp)
        if at is not None:
            word = builder.add(builder.mul(at, _word(builder, table, args[0], 1 + i)), word)
        at = word
    base = builder.inttoptr(_word(builder, table, args[0], 0), cgutils.voidptr_t)
    return builder.gep(base, [builder.mul(at, ir.Constant(_WORD, table.size))], inbounds=True)


def _moved(builder: Any, address: Any, offset: int) -> Any:
    return builder.gep(address, [ir.Constant(_WORD, offset)], inbounds=True)


def _word(builder: Any, table: Any, header: Any, i: int) -> Any:
    """Return a word of an array's entry in the header."""
    place = _moved(builder, header, 8 * (WORDS * table.at + i))
    word = builder.load(builder.bitcast(place, _WORD.as_pointer()))
    # No compiled code writes to the header, so this need not be read again after each store.
    word.set_metadata("invariant.load", builder.module.add_metadata([]))
    return word


def _read(builder: Any, address: Any, code: str) -> Any:
    value = builder.load(builder.bitcast(address, _PLACES[code].as_pointer()))
    return builder.sext(value, _WORD) if code in ("i4", "i2", "i1") else value


def _write(builder: Any, address: Any, code: str, value: Any) -> None:
    if code in ("i4", "i2", "i1"):
        value = builder.trunc(value, _PLACES[code])
    builder.store(value, builder.bitcast(address, _PLACES[code].as_pointer()))
