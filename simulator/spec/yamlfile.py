"""YAML 1.2 files, read so that a person's meaning survives, with the line of every value.

``NO`` is Norway and stays text, ``1e6`` is a number, a date stays the text it
is, and a key that is stated twice is refused.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.representer import SafeRepresenter

from simulator.spec.faults import Fault, Loc, Place, SpecError, fault, file_hint, hiding
from simulator.spec.located import Located

#: Values a file may unfold to; aliases of aliases can grow without end.
_MOST_VALUES = 1_000_000
_WIDTH = 100
_TAG = "tag:yaml.org,2002:"
#: Plain text that other readers turn into dates or merges is kept as text.
_TEXT_TAGS = {_TAG + kind for kind in ("str", "timestamp", "merge", "value")}


@dataclass(frozen=True)
class Named:
    """Where another file asks for one."""

    place: Place
    """Its line."""
    loc: Loc
    """Its key."""


def read(path: Path, named: Named | None = None) -> Located:
    """Return the mapping a file holds.

    Parameters
    ----------
    path : Path
        The file.
    named : Named, optional
        Where another file asks for it; told if it cannot be read.

    Raises
    ------
    SpecError
        If the file cannot be read, is no UTF-8 text, no YAML, or no mapping.
    """
    try:
        return _mapping(path, named)
    except SpecError as error:
        raise SpecError(hiding(error.faults)) from None


def _mapping(path: Path, named: Named | None) -> Located:
    tree = parse(_text(path, named), str(path))
    if tree.value is None:
        raise SpecError([Fault(str(path), None, "", "the file is empty")])
    if not tree.is_mapping:
        message = "the file holds no mapping; write 'key: value' lines"
        raise SpecError([fault(tree.place, (), message)])
    return tree


def _text(path: Path, named: Named | None) -> str:
    def refuse(message: str, line: int | None = None) -> SpecError:
        by = f" (named in {named.place})" if named else ""
        return SpecError([Fault(str(path), line, "", message + by)])

    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        if named is not None:  # it is that file that wants mending
            message = f"there is no file {path}{file_hint(path)}"
            raise SpecError([fault(named.place, named.loc, message)]) from None
        raise refuse(f"there is no such file{file_hint(path)}") from None
    except IsADirectoryError:
        raise refuse("this is a folder, not a file") from None
    except (OSError, ValueError) as reason:  # ValueError: a NUL in the name
        raise refuse(f"cannot be read ({getattr(reason, 'strerror', None) or reason})") from None
    if b"\0" in raw:
        raise refuse("this is a binary file, not YAML text")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as reason:
        line = raw.count(b"\n", 0, reason.start) + 1
        raise refuse(f"byte 0x{raw[reason.start]:02x} is not UTF-8 text", line) from None


def parse(text: str, file: str, line: int | None = 1) -> Located:
    """Return the tree that YAML text states.

    Parameters
    ----------
    text : str
        One YAML document.
    file : str
        What to name as its file.
    line : int or None
        Number of its first line; None to name no lines.

    Raises
    ------
    SpecError
        With each repeated key, unknown tag and malformed number, or the first error of syntax.
    """
    try:
        node = YAML(typ="safe", pure=True).compose(text)
        builder = _Builder(file, line)
        tree = builder.build(node, (), ()) if node else Located(None, builder.place_at(0))
    except YAMLError as error:
        raise SpecError([_syntax_fault(error, file, line)]) from None
    except RecursionError:
        raise SpecError([Fault(file, None, "", "is nested too deeply")]) from None
    if builder.faults:
        raise SpecError(builder.faults)
    return tree


def _syntax_fault(error: YAMLError, file: str, line: int | None) -> Fault:
    message = "not YAML: " + str(error).split("\n", 1)[0]
    at = None
    if isinstance(error, MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        at = None if mark is None or line is None else line + mark.line
        context = f" {error.context}" if error.context else ""
        message = f"not YAML: {error.problem or 'malformed'}{context}"
        if "'\\t'" in message:
            message = "not YAML: a tab stands where the line begins; indent with spaces"
    return Fault(file, at, "", " ".join(message.split()))


class _Builder:
    """Turns composed nodes into a located tree, gathering faults on the way."""

    def __init__(self, file: str, line: int | None) -> None:
        self.file = file
        self.first_line = line
        self.faults: list[Fault] = []
        self.built = 0

    def place_at(self, line: int) -> Place:
        return Place(self.file, None if self.first_line is None else self.first_line + line)

    def place(self, node: Node) -> Place:
        return self.place_at(node.start_mark.line)

    def build(
        self, node: Node, loc: Loc, above: tuple[Node, ...], place: Place | None = None
    ) -> Located:
        """Return the tree below *node*; *place* is that of its key, if it has one."""
        place = place or self.place(node)
        self.built += 1
        if any(node is parent for parent in above):
            self.faults.append(fault(place, loc, "an alias holds itself"))
            return Located(None, place)
        if self.built > _MOST_VALUES:
            message = f"the file unfolds to more than {_MOST_VALUES:,} values"
            raise SpecError([fault(place, loc, message)])
        if isinstance(node, MappingNode):
            return Located(self._mapping(node, loc, (*above, node)), place)
        if isinstance(node, SequenceNode):
            inner = (*above, node)
            items = [self.build(n, (*loc, i), inner) for i, n in enumerate(node.value)]
            return Located(items, place)
        return Located(self._scalar(node, loc, place), place)

    def _mapping(self, node: MappingNode, loc: Loc, above: tuple[Node, ...]) -> dict[str, Located]:
        found: dict[str, Located] = {}
        for key_node, value_node in node.value:
            place = self.place(key_node)
            if not isinstance(key_node, ScalarNode):
                self.faults.append(fault(place, loc, "a key must be text, not a list or mapping"))
                continue
            key = str(key_node.value)
            if key in found:
                message = f"this key is stated already in {found[key].place}"
                self.faults.append(fault(place, (*loc, key), message))
                continue
            found[key] = self.build(value_node, (*loc, key), above, place)
        return found

    def _scalar(self, node: Node, loc: Loc, place: Place) -> Any:
        text, tag = str(node.value), str(node.tag)
        if tag in _TEXT_TAGS:
            return text
        try:
            if tag == _TAG + "null":
                return None
            if tag == _TAG + "bool":
                return text.lower() == "true"
            if tag == _TAG + "int":
                return int(text, 0) if text[:2] in {"0x", "0o"} else int(text)
            if tag == _TAG + "float":
                return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
            self.faults.append(fault(place, loc, f"unknown YAML tag {tag!r}"))
        except ValueError:
            self.faults.append(fault(place, loc, f"{text[:40]!r} is no number that can be read"))
        return None


#: Text that is safe without quotes as far as its shape goes; ruamel sees to numbers and the like.
_PLAIN = re.compile(r"\w[^\n:#]*", re.ASCII)


class _Representer(SafeRepresenter):
    """Writes plain values; quotes what ruamel would leave bare and could not read back."""

    def represent_text(self, text: str) -> Node:
        bare = text.isprintable() and _PLAIN.fullmatch(text)
        style = None if bare else '"'
        return self.represent_scalar(_TAG + "str", text, style=style)


_Representer.add_representer(str, _Representer.represent_text)


def dump(tree: Any) -> str:
    """Return plain values as YAML text that `parse` reads back to the same values."""
    yaml: Any = YAML(typ="safe", pure=True)
    yaml.Representer = _Representer
    yaml.sort_base_mapping_type_on_output = False
    yaml.allow_unicode = True
    yaml.width = _WIDTH
    out = io.StringIO()
    yaml.dump(tree, out)
    return out.getvalue()
