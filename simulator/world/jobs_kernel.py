"""Compiling: how the engine's functions become machine code, and when that is kept.

Numba looks for changes only in the file of a function it keeps on disk, not in
those of the functions it calls. So only the few ways in (:mod:`jobs_verbs`) are
kept, and they close over a digest of all the source they reach, which numba
makes part of the key they are kept under.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

from numba import njit, types
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import AnalysisPass, register_pass
from numba.core.typed_passes import AnnotateTypes, NativeLowering

F = TypeVar("F", bound=Callable[..., Any])


class _Unlinked(JITCodeLibrary):
    """Code that is optimised where it is linked, not also on its own.

    Numba's own library is linked with all it calls, optimised and turned into
    machine code for each function, so that a chain of calls costs its depth times over.
    """

    def _optimize_final_module(self) -> None:
        """Leave that to the way in."""

    def _finalize_final_module(self) -> None:
        """Make no machine code."""
        self._finalize_dynamic_globals()  # type: ignore[no-untyped-call]
        self._finalized = True


@register_pass(mutates_CFG=False, analysis_only=True)
class _Gather(AnalysisPass):
    _name = "siliconmix_gather"

    def __init__(self) -> None:
        AnalysisPass.__init__(self)

    def run_pass(self, state: Any) -> bool:
        new: Any = _Unlinked
        state.library = new(state.targetctx.codegen(), state.func_id.func_qualname)
        state.flags.no_compile = True
        return False


@register_pass(mutates_CFG=False, analysis_only=True)
class _Announce(AnalysisPass):
    _name = "siliconmix_announce"

    def __init__(self) -> None:
        AnalysisPass.__init__(self)

    def run_pass(self, state: Any) -> bool:
        # What others look the function up by: any builtin that is no other's. Never called.
        key: Any = [].clear
        state.targetctx.insert_user_function(key, state.cr.fndesc, [state.library])
        state.cr = state.cr._replace(cfunc=key)
        return False


class _Kernels(CompilerBase):
    def define_pipelines(self) -> list[Any]:
        passes = DefaultPassBuilder.define_nopython_pipeline(self.state)
        passes.add_pass_after(_Gather, AnnotateTypes)
        passes.add_pass_after(_Announce, NativeLowering)
        passes.finalize()
        return [passes]


def kernel(function: F) -> F:
    """Compile a function that only compiled functions call.

    It needs no way in from Python, and as nothing here makes arrays, no counts
    of references: both would cost more to compile than the function itself.
    """
    options: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True, "_nrt": False}
    dispatcher = njit(error_model="numpy", pipeline_class=_Kernels, **options)(function)
    template = dispatcher.get_call_template

    def for_any_value(args: Any, kws: Any) -> Any:
        # Not once more for each constant an argument may be.
        return template([types.unliteral(arg) for arg in args], kws)

    dispatcher.get_call_template = for_any_value
    return cast(F, dispatcher)


def entry(function: F) -> F:
    """Compile a function that Python calls, and keep it on disk."""
    return cast(F, njit(error_model="numpy", cache=True)(function))


def digest() -> str:
    """Return a digest of all compiled source of this room, of the laws it calls, and its target."""
    room = Path(__file__).parent
    paths = [*sorted(room.glob("*.py")), *sorted((room.parent / "laws").glob("*_kernel.py"))]
    sources = (path.read_bytes() for path in paths)
    marks = (b"jobs_kernel import", b"jobs_native import", b"from numba", b"\nJOB = np.dtype")
    compiled = [text for text in sources if any(mark in text for mark in marks)]
    return hashlib.sha256(b"".join(compiled)).hexdigest()
