"""Merging, by hand-computed cases and by invariants over arbitrary trees."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.spec.faults import Place
from simulator.spec.located import differences, locate, merge, put, unite

ONE, TWO = Place("one", 1), Place("two", 2)
KEYS = st.text("abc", min_size=1, max_size=2)
SCALARS = st.one_of(st.integers(), st.booleans(), st.text(max_size=3))
TREES = st.recursive(
    st.dictionaries(KEYS, SCALARS, max_size=3),
    lambda inner: st.dictionaries(
        KEYS, st.one_of(SCALARS, st.lists(SCALARS, max_size=3), inner), max_size=3
    ),
    max_leaves=12,
)


def merged(base, change):
    faults = []
    tree = merge(locate(base, ONE), locate(change, TWO), faults)
    assert not faults
    return tree.plain()


@pytest.mark.parametrize(
    ("base", "change", "expected"),
    [
        ({"a": {"b": 1, "c": 2}}, {"a": {"c": 3}}, {"a": {"b": 1, "c": 3}}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({"a": {"b": 1}}, {"a": None}, {"a": None}),
        ({"a": None}, {"a": {"b": 1}}, {"a": {"b": 1}}),
        ({"a": [1]}, {"a+": [2, 3]}, {"a": [1, 2, 3]}),
        ({}, {"a+": [2]}, {"a": [2]}),
        ({}, {"x": {"a+": [2]}}, {"x": {"a": [2]}}),
        ({"a": [1]}, {"a+": [3], "a": [2]}, {"a": [2, 3]}),
    ],
)
def test_merge_by_hand(base, change, expected):
    assert merged(base, change) == expected


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TREES)
def test_no_change_changes_nothing(tree):
    assert merged(tree, {}) == tree
    assert merged({}, tree) == tree
    assert merged(tree, tree) == tree


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TREES, TREES)
def test_each_value_comes_from_where_its_place_says(base, change):
    tree = merge(locate(base, ONE), locate(change, TWO), [])
    sources = {ONE: base, TWO: change}

    def check(node, loc):
        if node.is_mapping and node.value:
            for key, below in node.value.items():
                check(below, (*loc, key))
        else:
            stated = sources[node.place]
            for key in loc:
                stated = stated[key]
            assert node.plain() == stated or stated == {}

    check(tree, ())


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TREES, TREES)
def test_differences_rebuild_the_new_tree(base, change):
    new = merged(base, change)
    tree, faults = locate(base, ONE), []
    for loc, _, after in differences(base, new):
        tree = put(tree, [str(key) for key in loc], locate(after, TWO), faults)
    assert not faults
    assert tree.plain() == new


def test_two_statements_of_one_leaf_name_both_places():
    faults = []
    united = unite(locate({"a": {"b": 1}}, ONE), locate({"a": {"b": 2, "c": 3}}, TWO), faults)
    assert united.plain() == {"a": {"b": 1, "c": 3}}
    assert [str(f) for f in faults] == ["two:2: a.b: is stated already in one:1; state it once"]


def test_put_reaches_into_lists_and_refuses_what_is_not_there():
    tree, faults = locate({"a": [{"b": 1}], "c": {"d": 4}}, ONE), []
    assert put(tree, ["a", "0", "b"], locate(2, TWO), faults).plain()["a"] == [{"b": 2}]
    assert put(tree, ["c", "new"], locate(2, TWO), faults).plain()["c"] == {"d": 4, "new": 2}
    assert not faults
    for keys in (["a", "1", "b"], ["x", "d"], ["c", "d", "e"], ["a", "-1"]):
        put(tree, keys, locate(2, TWO), faults)
    assert [f.key for f in faults] == ["a.1", "x", "c.d.e", "a.-1"]


@pytest.mark.parametrize("change", [{"a+": 3}, {"b+": [1]}])
def test_only_a_list_extends_a_list(change):
    faults = []
    merge(locate({"a": [1], "b": {"c": 1}}, ONE), locate(change, TWO), faults)
    assert [f.file for f in faults] == ["two"]


def test_what_a_file_could_not_say_is_refused():
    with pytest.raises(TypeError, match="no text, number, list or mapping"):
        locate({"a": {1, 2}}, ONE)
