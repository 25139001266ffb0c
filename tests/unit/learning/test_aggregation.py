import hashlib
import itertools

import numpy as np
import pytest

from scatter.learning.aggregation import Rule, aggregate
from scatter.learning.clipping import BLOCK
from scatter.learning.errors import AggregationError
from scatter.learning.models import Model, write_model

A, B, C, D, E = (f"0x{letter * 40}" for letter in "abcde")
START = Model({"x": np.array([1.0, 1.0])})


def vector(*values: float) -> Model:
    return Model({"x": np.array(values, np.float64)})


def run(rule: Rule, *updates: Model, contributions: tuple[int, ...] | None = None, start: Model = START) -> list[float]:
    addresses = (A, B, C, D, E)[: len(updates)]
    settled = dict(zip(addresses, contributions or (100,) * len(updates), strict=True))
    return aggregate(rule, start, list(zip(addresses, updates, strict=True)), settled)["x"].tolist()


def test_rules_have_the_names_of_job_files_and_the_numbers_of_the_chain():
    assert {rule.label: int(rule) for rule in Rule} == {
        "contribution": 0,
        "mean": 1,
        "median": 2,
        "trimmed_mean": 3,
        "krum": 4,
    }
    assert all(Rule.named(rule.label) is rule for rule in Rule)
    with pytest.raises(
        AggregationError, match="no aggregation rule 'Mean'; rules are contribution, mean, median, trimmed_mean, krum"
    ):
        Rule.named("Mean")


GOLDEN = {
    "contribution": {1: "8b4e53195629974c", 2: "ce06b8c6c8be71d4", 5: "b96fb843df13b558", 12: "4fb36b46ce2c9ade"},
    "mean": {1: "8b4e53195629974c", 2: "8c0d842946d97eb6", 5: "123017ab59251bbc", 12: "68a599f9313c7491"},
    "median": {1: "8b4e53195629974c", 2: "8c0d842946d97eb6", 5: "f3261b4781a9162b", 12: "49b3cc985eb1bd1a"},
    "trimmed_mean": {1: "8b4e53195629974c", 2: "8c0d842946d97eb6", 5: "23f1eab7354c1005", 12: "67ba28f597be09a9"},
    "krum": {1: "8b4e53195629974c", 2: "090be95ff5502bbf", 5: "8b4e53195629974c", 12: "8b4e53195629974c"},
}


@pytest.mark.parametrize("rule", Rule)
@pytest.mark.parametrize("count", [1, 2, 5, 12])
def test_the_bits_of_every_rule_are_fixed(rule, count, sample, account):
    updates = [(account(number), sample(f"update {number}")) for number in range(count)]
    settled = {address: 17 * number + 1 for number, (address, _) in enumerate(updates)}
    result = write_model(aggregate(rule, sample("start"), updates, settled))
    assert hashlib.sha256(result).hexdigest()[:16] == GOLDEN[rule.label][count]


@pytest.mark.parametrize("rule", Rule)
@pytest.mark.parametrize("size", [BLOCK - 1, BLOCK, 2 * BLOCK + 3])
def test_where_tensors_and_blocks_end_does_not_change_the_bits(rule, size):
    rng = np.random.default_rng(7)
    flats = [rng.normal(size=size).astype(np.float32) for _ in range(6)]
    cut = 1000
    whole = [Model({"x": flat.reshape(size, 1)}) for flat in flats]
    parts = [Model({"x1": flat[:cut], "x2": flat[cut:]}) for flat in flats]
    settled = {A: 5, B: 1, C: 2, D: 7, E: 3}
    one = aggregate(rule, whole[0], list(zip(settled, whole[1:], strict=True)), settled)
    two = aggregate(rule, parts[0], list(zip(settled, parts[1:], strict=True)), settled)
    assert one["x"].tobytes() == two["x1"].tobytes() + two["x2"].tobytes()
    assert not np.array_equal(one["x"], whole[0]["x"])


@pytest.mark.parametrize("rule", Rule)
def test_one_update_is_the_result(rule):
    assert run(rule, vector(0.3, -7.0)) == pytest.approx([0.3, -7.0], rel=1e-15)


def test_contribution_weighs_by_the_root_and_clips_to_the_weighted_median():
    # Steps (4, 0), (0, 1), (0, 10); half of the contribution is carried by norms up to 4.
    moved = run(Rule.CONTRIBUTION, vector(5, 1), vector(1, 2), vector(1, 11), contributions=(9, 4, 4))
    assert moved == pytest.approx([1 + 3 / 7 * 4, 1 + 2 / 7 * 1 + 2 / 7 * 4], abs=1e-15)


def test_contribution_with_two_updates_clips_to_the_smaller_unless_the_larger_carries_more():
    near, far = vector(2, 1), vector(1, 101)
    assert run(Rule.CONTRIBUTION, near, far, contributions=(4, 4)) == [1.5, 1.5]
    assert run(Rule.CONTRIBUTION, near, far, contributions=(1, 4)) == pytest.approx([1 + 1 / 3, 1 + 200 / 3], abs=1e-13)


def test_mean_ignores_contributions():
    assert run(Rule.MEAN, vector(1, 2), vector(3, 4), vector(8, -3), contributions=(1, 1, 9999)) == [4, 1]


def test_median_is_taken_by_coordinate():
    assert run(Rule.MEDIAN, vector(1, 9), vector(2, 7), vector(300, 8)) == [2, 8]
    assert run(Rule.MEDIAN, vector(1, 9), vector(2, 7), vector(300, 8), vector(4, 0)) == [3, 7.5]
    assert run(Rule.MEDIAN, vector(1, 9), vector(2, 7)) == [1.5, 8]


def test_trimmed_mean_leaves_out_one_in_five_at_each_end():
    four = [vector(1, 1), vector(2, 2), vector(3, 3), vector(1000, -4)]
    assert run(Rule.TRIMMED_MEAN, *four) == run(Rule.MEAN, *four)
    assert run(Rule.TRIMMED_MEAN, *four, vector(-900, 2)) == [2, pytest.approx(5 / 3)]


def test_krum_takes_the_update_with_the_nearest_neighbours():
    chosen = run(Rule.KRUM, vector(50, 50), vector(1.0, 1.2), vector(1.1, 1.3), vector(1.2, 1.1), vector(-30, 2))
    assert chosen in ([1.0, 1.2], [1.1, 1.3], [1.2, 1.1])
    # Five updates: one may be bad, two neighbours count. Scores by hand: 0.05 + 0.05, 0.02 + 0.05, 0.05 + 0.05 …
    distances = {
        pair: sum((p - q) ** 2 for p, q in zip(*pair, strict=True))
        for pair in itertools.permutations([(1.0, 1.2), (1.1, 1.3), (1.2, 1.1)], 2)
    }
    scores = {point: sum(d for (first, _), d in distances.items() if first == point) for point, _ in distances}
    assert tuple(chosen) == min(scores, key=scores.__getitem__)


def test_krum_breaks_ties_by_contribution_and_then_by_address():
    first, second = vector(2, 1), vector(5, 1)
    assert run(Rule.KRUM, first, second, contributions=(1, 2)) == [5, 1]
    assert run(Rule.KRUM, first, second, contributions=(2, 2)) == [2, 1]


def test_krum_of_three_counts_the_nearest_neighbour_only():
    # 1 and 3 are each other's neighbours at distance 1, 10 is alone.
    assert run(Rule.KRUM, vector(10, 1), vector(3, 1), vector(2, 1), contributions=(9, 2, 1)) == [3, 1]


def test_krum_holds_values_of_any_size_within_reach():
    far = 3.4e38
    assert run(
        Rule.KRUM, vector(far, -far), vector(1.5, 1), vector(-far, far), vector(1.5, 1.25), vector(1.5, 1.125)
    ) == [1.5, 1.125]
    assert run(Rule.KRUM, vector(1, 1), vector(1, 1), vector(far, far), contributions=(1, 2, 3)) == [1, 1]


def test_krum_does_not_tell_apart_what_is_out_of_reach():
    # The lower median norm is 1.5, so steps end at 128 · 2 = 256: the last two are as good as equal, until one is nearer.
    zero, near = vector(0, 0), [vector(1, 0), vector(1.5, 0)]
    assert run(Rule.KRUM, *near, vector(256, 0), vector(9000, 0), contributions=(9, 9, 1, 2), start=zero) == [9000, 0]
    assert run(Rule.KRUM, *near, vector(255, 0), vector(9000, 0), contributions=(9, 9, 1, 2), start=zero) == [1.5, 0]


def test_krum_sees_differences_in_models_of_tiny_steps():
    tiny = 2.0**-70
    zero = vector(0, 0)
    updates = [vector(tiny, 0), vector(1.5 * tiny, 0), vector(2.75 * tiny, 0)]
    assert run(Rule.KRUM, *updates, contributions=(1, 2, 3), start=zero) == [1.5 * tiny, 0]


def test_every_dtype_is_kept(sample, account):
    for rule in Rule:
        result = aggregate(rule, sample("start"), [(account(1), sample("u"))], {account(1): 5})
        assert result.layout == sample("start").layout


def test_results_stay_finite_at_the_edge_of_each_dtype():
    for dtype in (np.float16, np.float32):
        top = float(np.finfo(dtype).max)
        start = Model({"x": np.array([top, -top], dtype)})
        other = Model({"x": np.array([-top, -top], dtype)})
        for rule in Rule:
            result = aggregate(rule, start, [(A, start), (B, start), (C, other)], {A: 1, B: 1, C: 7})
            assert np.isfinite(result["x"]).all()
            assert abs(result["x"]).max() <= top


@pytest.mark.parametrize(
    ("updates", "contributions", "message"),
    [
        ([], {}, "no update was accepted"),
        ([(A, START), (A, vector(2.0, 2.0))], {A: 1}, "^a trainer has two updates in one round$"),
        ([(A.upper(), START)], {A.upper(): 1}, "lower case"),
        ([(A, START)], {A: 1, B: 1}, "needs a contribution"),
        ([(A, START), (B, START)], {A: 1}, "needs a contribution"),
        ([(A, START)], {A: 0}, f"contribution of {A} is not positive"),
        (
            [(A, Model({"y": np.zeros(2)}))],
            {A: 1},
            f"update of {A} does not fit the starting model: tensor 'x' is missing",
        ),
    ],
)
def test_what_cannot_be_aggregated_is_refused(updates, contributions, message):
    for rule in Rule:
        with pytest.raises(AggregationError, match=message):
            aggregate(rule, START, updates, contributions)
