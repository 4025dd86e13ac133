import errno
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.spec import yamlfile
from simulator.spec.faults import Place, SpecError
from simulator.spec.yamlfile import dump, parse, read

#: What YAML 1.2's core schema (§10.3.2) makes of plain text, and a date, which stays text.
PLAIN = [
    ("NO", "NO"),
    ("no", "no"),
    ("on", "on"),
    ("yes", "yes"),
    ("true", True),
    ("False", False),
    ("1e6", 1_000_000.0),
    ("-1.5e-3", -0.0015),
    ("12", 12),
    ("012", 12),
    ("0x1F", 31),
    ("0o17", 15),
    ("12:30:00", "12:30:00"),
    ("2025-03-01", "2025-03-01"),
    ("2025Q1", "2025Q1"),
    ("1.4 kW", "1.4 kW"),
    ("~", None),
    ("", None),
    ("null", None),
    (".inf", float("inf")),
    ("'5'", "5"),
    ("[1, [a]]", [1, ["a"]]),
]


@pytest.mark.parametrize(("text", "value"), PLAIN)
def test_plain_text_reads_as_a_person_expects(text, value):
    found = parse(f"a: {text}", "f").plain()["a"]
    assert found == value
    assert type(found) is type(value)


@settings(deadline=None)
@given(
    st.dictionaries(
        st.text(max_size=4),
        st.recursive(
            st.one_of(
                st.none(),
                st.booleans(),
                st.integers(),
                st.floats(allow_nan=False),
                st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"])),
                st.sampled_from([text for text, _ in PLAIN]),
            ),
            lambda inner: st.lists(inner) | st.dictionaries(st.text("ab+ #:", max_size=3), inner),
            max_leaves=8,
        ),
        min_size=1,
    )
)
def test_what_is_dumped_reads_back(tree):
    assert parse(dump(tree), "f").plain() == tree


def test_every_value_knows_its_line():
    tree = parse("a: 1\nb:\n  c: [x,\n    y]\n  d: {e: 5}\n", "f")
    assert tree.place_of(("a",)) == Place("f", 1)
    assert tree.place_of(("b", "c")) == Place("f", 3)
    assert tree.place_of(("b", "c", 1)) == Place("f", 4)
    assert tree.place_of(("b", "d", "e")) == Place("f", 5)
    assert tree.place_of(("b", "absent", "too")) == Place("f", 2)


@pytest.mark.parametrize(
    ("text", "line", "key", "message"),
    [
        ("a: 1\nb:\n  c: 1\n  c: 2\n", 4, "b.c", "stated already in f:3"),
        ("a: 1\nb: [1, 2\n", 3, "", "not YAML"),
        ("a: 1\n\tb: 2\n", 2, "", "not YAML"),
        ("a: b: c\n", 1, "", "not YAML"),
        ("a: 1\nb: *nobody\n", 2, "", "nobody"),
        ("a: 1\nb: &x [*x]\n", 2, "b.0", "holds itself"),
        ("a: 1\n---\nb: 1\n", 2, "", "another document"),
        ("a: 1\nb: !!python/name:os.system x\n", 2, "b", "unknown YAML tag"),
        ("a: 1\n? [x]\n: 3\n", 2, "", "a key must be text"),
        ("a: 1\nb: !!int five\n", 2, "b", "no number"),
        (f"a: 1\nb: {'9' * 5000}\n", 2, "b", "no number"),
        ("a: " + "[" * 3000 + "\n", None, "", "nested too deeply"),
    ],
)
def test_faults_name_their_line(text, line, key, message):
    with pytest.raises(SpecError, match=message) as caught:
        parse(text, "f")
    (fault,) = caught.value.faults
    assert (fault.line, fault.key) == (line, key)


def test_all_repeated_keys_are_told_at_once():
    with pytest.raises(SpecError) as caught:
        parse("a: 1\na: 2\nb: {c: 1, c: 2}\n", "f")
    assert [(f.line, f.key) for f in caught.value.faults] == [(2, "a"), (3, "b.c")]


def test_aliases_of_aliases_do_not_grow_without_end(monkeypatch):
    monkeypatch.setattr(yamlfile, "_MOST_VALUES", 20_000)
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 10)}]" for k in range(1, 9)]
    with pytest.raises(SpecError, match="unfolds to more than 20,000 values"):
        parse("\n".join(lines), "f")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"# only a comment\n", "is empty"),
        (b"- a\n- b\n", "holds no mapping"),
        (b"just text\n", "holds no mapping"),
        (b"a: 1\x00\x01\x02", "binary"),
        (b"a: 1\nb: \xff\xfe\n", "byte 0xff is not UTF-8"),
        (b"a: \x07\n", "not YAML"),
    ],
)
def test_files_that_hold_no_scenario(tmp_path, content, message):
    path = tmp_path / "x.yaml"
    path.write_bytes(content)
    with pytest.raises(SpecError, match=message) as caught:
        read(path)
    (fault,) = caught.value.faults
    assert fault.file == str(path)


def test_a_byte_that_is_not_text_is_found_in_its_line(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_bytes(b"a: 1\nb: 2\nc: caf\xe9\n")
    with pytest.raises(SpecError) as caught:
        read(path)
    assert caught.value.faults[0].line == 3


def test_a_byte_order_mark_and_windows_lines_do_no_harm(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\r\nb: x\r\n")
    assert read(path).plain() == {"a": 1, "b": "x"}


def test_what_is_no_file(tmp_path):
    (tmp_path / "pilot.yaml").write_text("a: 1\n")
    for path, message in [
        (tmp_path, "a folder"),
        (tmp_path / "pilott.yaml", "did you mean 'pilot.yaml'"),
        (tmp_path / "no" / "where.yaml", "no such file"),
        (tmp_path / "pilot.yaml" / "x.yaml", "cannot be read"),
        (tmp_path / ("x" * 300), "cannot be read"),
        (tmp_path / "nul\0", "cannot be read"),
    ]:
        with pytest.raises(SpecError, match=message):
            read(path)


def test_a_file_one_may_not_read(tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    # Root, as whom tests may run, can read every file; so the system's answer is played.
    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(SpecError, match="Permission denied"):
        read(tmp_path / "x.yaml")
