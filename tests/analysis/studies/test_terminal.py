"""Tables on a terminal: whatever they hold, nothing is broken, lost or taken for markup."""

import io

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from analysis.studies.terminal import Fitted

WIDTH = 80
WORDS = st.text("abcdefgh", min_size=1, max_size=12)
HEADS = st.builds(lambda words, unit: " ".join([*words, f"[{unit}]"]), st.lists(WORDS), WORDS)
CELLS = st.builds(lambda a, b, c: f"{a:.1f} [{b:.1f}, {c:.1f}]", *[st.floats(-999, 999)] * 3)


def drawn(table: Fitted) -> str:
    out = io.StringIO()
    Console(file=out, width=WIDTH).print(table)
    return out.getvalue()


@given(
    heads=st.lists(HEADS, min_size=1, max_size=9), names=st.lists(WORDS, min_size=1), data=st.data()
)
def test_every_cell_stands_whole_on_a_line_of_the_terminal(heads, names, data):
    rows = [[name, *(data.draw(CELLS) for _ in heads)] for name in names]
    text = drawn(Fitted(["Run", *heads], rows))
    assert all(len(line) <= WIDTH for line in text.splitlines())
    assert all(cell in text for row in rows for cell in row)


@given(heads=st.lists(HEADS, min_size=1, max_size=9))
def test_every_word_of_a_head_is_seen_with_its_unit(heads):
    text = drawn(Fitted(["Run", *heads], [["a", *("1" for _ in heads)]]))
    assert all(word in text for head in heads for word in head.split())


def test_columns_that_name_a_row_stand_before_each_part_of_a_wide_table():
    heads = ["Case", "Node", *(f"Loss {k} [million rce-days]" for k in range(6))]
    text = drawn(Fitted(heads, [["baseline", "fab", *["1.5 [1.0, 2.0]"] * 6]]))
    assert text.count("baseline") == text.count("fab") > 1
