"""Plans alone, as data: each cure is offered where it is safe, and to no near twin."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from tests.models import dense, gather_dense, loop, with_custom_op
from tfedge.checks.edits import CodeVersion, OneScale, OpVersion, RescaledBias, RuntimeVersion, ZeroBias
from tfedge.checks.fixes import FixPlan, plans
from tfedge.modelfile.builder import ModelBuilder
from tfedge.modelfile.graph import read_graph

SCALES = [0.01, 0.02, 0.03, 0.04]
WEIGHTS = np.arange(-8, 8).reshape(4, 4)


def planned(model_bytes: bytes, missing: tuple[dict[str, int], ...] = ()) -> tuple[FixPlan, ...]:
    return plans(model_bytes, read_graph(model_bytes), missing)


def kinds(plan: FixPlan) -> list[str]:
    return [edit.kind for edit in plan.edits]


class Products:
    """A builder of int8 products: all weights, or biases, in one buffer where wanted."""

    def __init__(self, dtype: str = "float32") -> None:
        self.builder = ModelBuilder()
        self.dtype = dtype
        self.x = self.activation("x")

    def activation(self, name: str, scale: float = 0.1) -> int:
        scales = scale if self.dtype == "int8" else None
        return self.builder.tensor(name, (1, 4), self.dtype, scales=scales)

    def weights(self, name: str, like: int | None = None) -> int:
        data: Any = {"data": WEIGHTS} if like is None else {"buffer": self.builder.buffer_of(like)}
        return self.builder.tensor(name, (4, 4), "int8", scales=SCALES, **data)

    def bias(self, name: str, scale: float = 0.1) -> int:
        return self.builder.tensor(name, (4,), "int32", np.arange(4), scales=np.multiply(SCALES, scale))

    def product(self, x: int, w: int, b: int | None = None, version: int = 5, scale: float = 0.1) -> int:
        y = self.activation(f"y_{x}_{w}", scale)
        self.builder.op("FULLY_CONNECTED", [x, w, b], [y], version)
        return y


def test_plans_when_dynamic_weights_are_per_channel_under_an_old_version_offer_truth_and_one_scale() -> None:
    truth, one_scale = planned(dense("int8_dynamic", per_channel=True))

    # Nor is the truth kept back where a target lacks it.
    assert planned(dense("int8_dynamic", per_channel=True), ({"FULLY_CONNECTED": 10},)) == (truth, one_scale)
    assert truth.edits == (OpVersion((0, 0), "FULLY_CONNECTED", 5, 12),)
    assert not truth.changes_numbers and one_scale.changes_numbers
    (edit,) = one_scale.edits
    assert isinstance(edit, OneScale) and edit.channels == 8 and edit.name == "dense/kernel"
    assert edit.scale == pytest.approx(1 / 127, rel=0.02)


def test_plans_when_the_version_is_true_offer_one_scale_under_an_old_one() -> None:
    (plan,) = planned(dense("int8_dynamic", per_channel=True, version=12))

    assert kinds(plan) == ["one_scale", "op_version"]
    assert plan.edits[1] == OpVersion((0, 0), "FULLY_CONNECTED", 12, 9)


@pytest.mark.parametrize(
    "model_bytes",
    [dense("int8_dynamic"), dense(), dense("int8_static"), dense("int8_static", bias=False), dense("float16"), loop()],
)
def test_plans_when_nothing_is_wrong_are_none(model_bytes: bytes) -> None:
    assert planned(model_bytes) == ()


def test_plans_when_an_int8_product_has_no_bias_offer_zeros_before_one_scale() -> None:
    zeros, one_scale = planned(dense("int8_static", per_channel=True, bias=False))

    assert zeros.edits == (ZeroBias((0, 0), (0, 2), "FULLY_CONNECTED", 8),)
    assert not zeros.changes_numbers
    assert kinds(one_scale) == ["one_scale"]
    with_bias = planned(dense("int8_static", per_channel=True))
    assert [kinds(plan) for plan in with_bias] == [["one_scale", "rescaled_bias"]]


def test_plans_when_an_op_has_two_inputs_only_counts_it_as_without_bias() -> None:
    products = Products("int8")
    y = products.activation("y")
    products.builder.op("FULLY_CONNECTED", [products.x, products.weights("w")], [y], 6)

    assert kinds(planned(products.builder.build())[0]) == ["zero_bias"]


def test_plans_when_a_float_product_shares_the_version_lower_both() -> None:
    products = Products()
    hidden = products.product(products.x, products.weights("w"), version=12)
    products.product(hidden, products.builder.tensor("float", (4, 4), data=WEIGHTS), version=12)

    (plan,) = planned(products.builder.build())

    assert [(edit.op, edit.new) for edit in plan.edits if isinstance(edit, OpVersion)] == [((0, 0), 3), ((0, 1), 3)]


def test_plans_when_a_product_says_more_than_it_means_lower_it_for_a_target_that_minds() -> None:
    products = Products()
    products.product(products.x, products.builder.tensor("float", (4, 4), data=WEIGHTS), version=12)
    model_bytes = products.builder.build()

    (plan,) = planned(model_bytes, ({"FULLY_CONNECTED": 10},))

    assert plan.edits == (OpVersion((0, 0), "FULLY_CONNECTED", 12, 1),) and plan.changes_claims_only
    assert planned(model_bytes, ({"FULLY_CONNECTED": 12},)) == planned(model_bytes) == ()


def test_plans_when_weights_are_shared_rewrite_them_once() -> None:
    products = Products()
    first = products.weights("first")
    second = products.weights("second", like=first)
    products.product(products.product(products.x, first), second)

    plan = planned(products.builder.build())[1]

    assert kinds(plan) == ["one_scale"]
    assert plan.edits[0].tensors == ((0, first), (0, second))


def test_plans_when_a_table_is_also_looked_up_rewrite_it_for_both() -> None:
    products = Products()
    table = products.weights("table")
    ids, rows = products.builder.tensor("ids", (1,), "int32"), products.builder.tensor("rows", (1, 4))
    products.builder.op("EMBEDDING_LOOKUP", [ids, table], [rows], 4)
    products.product(rows, table, version=12)

    (plan,) = planned(products.builder.build())
    assert kinds(plan) == ["one_scale", "op_version", "op_version"]
    assert [(edit.name, edit.new) for edit in plan.edits[1:]] == [("EMBEDDING_LOOKUP", 1), ("FULLY_CONNECTED", 3)]


def test_plans_when_a_batch_product_has_stored_weights_per_channel_offer_one_scale() -> None:
    for per_channel in (True, False):
        builder = ModelBuilder()
        x, y = builder.tensor("x", (1, 2, 4)), builder.tensor("y", (1, 2, 4))
        w = builder.tensor("w", (4, 4), "int8", WEIGHTS, scales=SCALES if per_channel else 0.1)
        builder.op("BATCH_MATMUL", [x, w], [y], 4, {"adjY": True})

        assert [kinds(plan) for plan in planned(builder.build())] == ([["one_scale"]] if per_channel else [])


def test_plans_when_a_convolution_is_hybrid_per_channel_leave_its_scales() -> None:
    builder = ModelBuilder()
    x, y = builder.tensor("x", (1, 4, 4, 2)), builder.tensor("y", (1, 4, 4, 2))
    w = builder.tensor("w", (2, 1, 1, 2), "int8", np.ones((2, 1, 1, 2)), scales=[0.1, 0.2])
    builder.op("CONV_2D", [x, w, builder.tensor("b", (2,), data=[0, 0])], [y], 2)

    assert [plan.edits for plan in planned(builder.build())] == [(OpVersion((0, 0), "CONV_2D", 2, 5),)]


@pytest.mark.parametrize("reader", ["GATHER", "WHILE", "output"])
def test_plans_when_others_read_the_weights_in_their_own_way_leave_them(reader: str) -> None:
    products = Products()
    builder, w = products.builder, products.weights("w")
    y = products.product(products.x, w)
    if reader == "GATHER":
        ids = builder.tensor("ids", (1,), "int32")
        builder.op("GATHER", [w, ids], [builder.tensor("row", (1, 4), "int8", scales=0.1)])
    elif reader == "WHILE":
        options = {"condSubgraphIndex": 0, "bodySubgraphIndex": 0}
        builder.op("WHILE", [w], [builder.tensor("w_out", (4, 4), "int8", scales=SCALES)], options=options)
    builder.interface([products.x], [y, w] if reader == "output" else [y])

    assert [kinds(plan) for plan in planned(builder.build())] == [["op_version"]]


def test_plans_when_products_of_other_steps_share_a_bias_tensor_keep_their_scales() -> None:
    for other_scale, expected in ((0.1, 1), (0.2, 0)):
        products = Products("int8")
        w, b = products.weights("w"), products.bias("b")
        hidden = products.product(products.x, w, b, scale=other_scale)
        products.product(hidden, w, b)

        assert len(planned(products.builder.build())) == expected


def test_plans_when_biases_share_a_buffer_count_each_in_its_own_step() -> None:
    products = Products("int8")
    w, b = products.weights("w"), products.bias("b")
    twin = products.builder.tensor("twin", (4,), "int32", buffer=products.builder.buffer_of(b), scales=SCALES)
    products.product(products.product(products.x, w, b, scale=1.0), w, twin)

    (plan,) = planned(products.builder.build())

    biases = [edit for edit in plan.edits if isinstance(edit, RescaledBias)]
    assert [edit.tensors for edit in biases] == [((0, b),), ((0, twin),)]
    assert biases[1].scale == pytest.approx(10 * biases[0].scale)


def test_plans_when_a_bias_has_no_scale_to_count_from_keep_their_scales() -> None:
    for scale, expected in ((0.1, 1), (0.0, 0), (np.nan, 0)):
        products = Products("int8")
        products.product(products.x, products.weights("w"), products.bias("b", scale))

        assert len(planned(products.builder.build())) == expected


def with_claim(version: int, claim: bytes, per_channel: bool = True) -> bytes:
    products = Products()
    w = products.weights("w") if per_channel else products.builder.tensor("w", (4, 4), "int8", WEIGHTS, scales=0.1)
    products.product(products.x, w, version=version)
    products.builder.metadata("min_runtime_version", claim.ljust(16, b"\0"))
    return products.builder.build()


@pytest.mark.parametrize(
    "version, claim, expected",
    [
        (12, b"2.3.0", RuntimeVersion("2.3.0", "2.17.0")),  # A lie: too low.
        (12, b"2.17.0", None),
        (12, b"2.20.0", None),  # Somebody's caution.
        (5, b"2.0.0", RuntimeVersion("2.0.0", "2.17.0")),  # True of the version that is a lie.
    ],
)
def test_plans_when_the_claim_is_too_low_make_it_true(
    version: int, claim: bytes, expected: RuntimeVersion | None
) -> None:
    found = planned(with_claim(version, claim))
    truth = [plan for plan in found if not plan.changes_numbers]

    assert [edit for plan in truth for edit in plan.edits if isinstance(edit, RuntimeVersion)] == (
        [expected] if expected else []
    )


def test_plans_when_one_scale_lowers_the_versions_lower_the_claim_that_rested_on_them() -> None:
    for claim, expected in ((b"2.17.0", "1.14.0"), (b"2.20.0", None)):
        plan = planned(with_claim(12, claim))[-1]
        assert [edit.new for edit in plan.edits if isinstance(edit, RuntimeVersion)] == ([expected] if expected else [])


def test_plans_when_the_file_claims_nothing_add_no_claim() -> None:
    assert all("min_runtime_version" not in kinds(plan) for plan in planned(dense("int8_dynamic", per_channel=True)))


def test_plans_when_an_unused_code_is_unknown_to_a_target_lower_it() -> None:
    builder = ModelBuilder()
    x, y = builder.tensor("x", (1, 2)), builder.tensor("y", (1, 2))
    builder.op("RELU", [x], [y])
    builder.op_code("FULLY_CONNECTED", 12)
    model_bytes = builder.build()

    (plan,) = planned(model_bytes, ({"FULLY_CONNECTED": 12}, {"FULLY_CONNECTED": 11}))

    assert plan.edits == (CodeVersion(1, "FULLY_CONNECTED", 12, 1),)
    assert planned(model_bytes, ({"FULLY_CONNECTED": 12},)) == planned(model_bytes) == ()


def test_plans_when_an_op_is_custom_offer_nothing_for_it() -> None:
    assert planned(with_custom_op(), ({"FULLY_CONNECTED": 1},)) == ()


def test_plan_when_shown_is_short_and_as_json_complete() -> None:
    plan = planned(gather_dense("int8_dynamic", per_channel=True))[0]

    assert plan.lines() == ["FULLY_CONNECTED says version 12 and not 5"]
    held = json.loads(json.dumps(plan.to_json()))
    assert held["changes_numbers"] is False
    assert held["edits"] == [{"kind": "op_version", "op": [0, 1], "name": "FULLY_CONNECTED", "old": 5, "new": 12}]
