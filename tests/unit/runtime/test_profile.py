from __future__ import annotations

import pytest

from tfedge.errors import ConfigError
from tfedge.runtime.profile import DelegateProfile

# input 0 -> A -> 1 -> B -> 2 -> C -> 3 -> D -> 4; D also reads 1
OPS = [("A", [0], [1]), ("B", [1], [2]), ("C", [2], [3]), ("D", [3, 1], [4])]


def test_from_nodes_when_nothing_is_delegated_all_stay_outside():
    assert DelegateProfile.from_nodes(OPS) == DelegateProfile((), ("A", "B", "C", "D"), 0)


def test_from_nodes_when_a_call_stands_for_two_ops_they_are_inside():
    found = DelegateProfile.from_nodes([*OPS, ("DELEGATE", [1], [3])])
    assert found == DelegateProfile(("B", "C"), ("A", "D"), 1)


def test_from_nodes_when_two_calls_share_a_tensor_each_keeps_its_ops():
    found = DelegateProfile.from_nodes([*OPS, ("DELEGATE", [0], [1]), ("DELEGATE", [3, 1], [4])])
    assert found == DelegateProfile(("A", "D"), ("B", "C"), 2, splitting=("B", "C"))


def test_from_nodes_when_an_op_stands_beside_the_calls_it_does_not_split_them():
    beside = [*OPS, ("E", [1], [5]), ("F", [6], [3])]
    found = DelegateProfile.from_nodes([*beside, ("DELEGATE", [0], [1]), ("DELEGATE", [3, 1], [4])])
    assert found.outside == ("B", "C", "E", "F") and found.splitting == ("B", "C")


def test_from_nodes_when_a_call_is_listed_twice_counts_it_once():
    call = ("DELEGATE", [0], [4])
    assert DelegateProfile.from_nodes([*OPS, call, call]) == DelegateProfile(("A", "B", "C", "D"), (), 1)


@pytest.mark.parametrize("num_partitions", [0, -1])
def test_profile_when_ops_are_delegated_without_a_partition_is_refused(num_partitions):
    with pytest.raises(ConfigError, match="partitions"):
        DelegateProfile(("A",), (), num_partitions)
