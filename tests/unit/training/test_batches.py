from __future__ import annotations

import collections
import itertools

import numpy as np
import pytest

from tfedge.training.batches import Batch, BucketedBatches, pad


def make_pairs(lengths, seed=3):
    """Pairs of ids with a stop token; the source is as long as given, the target up to two shorter."""
    random = np.random.default_rng(seed)
    pairs = []
    for number, length in enumerate(lengths):
        target = max(2, int(length) - int(random.integers(0, 3)))
        pairs.append(([number + 3] * (int(length) - 1) + [2], [number + 3] * (target - 1) + [2]))
    return pairs


def word_lengths(count=4000):
    """Lengths as words have them: 9 letters and a stop token on average, 3 to 25."""
    return np.clip(np.random.default_rng(1).normal(9.5, 2.3, size=count).round(), 3, 25).astype(int)


def pair_numbers(batches):
    return collections.Counter(int(row[0]) - 3 for batch in batches for row in batch.source_ids)


def unpad(row):
    return [int(value) for value in row if value]


def area(pairs, max_buckets):
    """Tokens of one epoch, padding included, when every bucket is as large as one batch."""
    batches = BucketedBatches(pairs, batch_tokens=10**9, seed=1, max_buckets=max_buckets)
    return sum(batch.source_ids.size for batch in batches.epoch(0))


def test_pad_then_rows_filled_with_zeros():
    padded = pad([[3, 2], [4, 5, 2], []], 4)
    assert padded.dtype == np.int32
    np.testing.assert_array_equal(padded, [[3, 2, 0, 0], [4, 5, 2, 0], [0, 0, 0, 0]])


def test_epoch_then_every_pair_once_and_the_last_batch_filled_up():
    pairs = make_pairs(word_lengths())
    batches = BucketedBatches(pairs, batch_tokens=512, seed=1)
    epoch = list(batches.epoch(0))
    numbers = pair_numbers(epoch)
    assert set(numbers) == set(range(len(pairs)))
    # Less than one batch a bucket is drawn again.
    widths = {batch.source_ids.shape for batch in epoch}
    assert sum(numbers.values()) - len(pairs) < sum(rows for rows, _ in widths)
    assert len(batches) == len(epoch)


def test_epoch_then_source_and_target_belong_together():
    pairs = make_pairs([3, 5, 5, 8, 8, 8, 9])
    for batch in BucketedBatches(pairs, batch_tokens=32, seed=1).epoch(0):
        for source, target in zip(batch.source_ids, batch.target_ids, strict=True):
            number = int(source[0]) - 3
            assert (unpad(source), unpad(target)) == (pairs[number][0], [1, *pairs[number][1]])


def test_epoch_then_one_shape_a_bucket_and_few_buckets():
    epoch = list(BucketedBatches(make_pairs(word_lengths()), batch_tokens=512, seed=1).epoch(0))
    shapes = {(batch.source_ids.shape, batch.target_ids.shape) for batch in epoch}
    assert len(shapes) <= 8
    assert len({width for (_, width), _ in shapes}) == len(shapes)
    for (rows, width), target_shape in shapes:
        assert target_shape == (rows, width + 1)
        assert rows % 8 == 0 and rows * width <= max(512, 8 * width)


def test_epoch_when_repeated_then_the_same_by_seed_and_number():
    pairs = make_pairs(word_lengths(300))

    def order(seed, number):
        return [batch.source_ids.tolist() for batch in BucketedBatches(pairs, 128, seed).epoch(number)]

    assert order(1, 4) == order(1, 4)
    assert order(1, 4) != order(1, 5)
    assert order(1, 4) != order(2, 4)


def test_epoch_when_asked_out_of_order_then_the_same():
    batches = BucketedBatches(make_pairs(word_lengths(300)), 128, 1)
    later = [batch.source_ids.tolist() for batch in batches.epoch(7)]
    list(batches.epoch(0))
    assert [batch.source_ids.tolist() for batch in batches.epoch(7)] == later


def test_epoch_then_hardly_any_padding():
    # Of the longer side of each pair: what the other side lacks is in the data. Words have about 23 lengths; eight
    # buckets chosen well leave a few percent, where one bucket would leave 60.
    pairs = make_pairs(word_lengths())
    epoch = list(BucketedBatches(pairs, batch_tokens=512, seed=1).epoch(0))
    tokens = sum(int(np.count_nonzero(batch.source_ids)) for batch in epoch)
    assert 1 - tokens / sum(batch.source_ids.size for batch in epoch) < 0.05
    assert 1 - tokens / (len(pairs) * 25) > 0.5


@pytest.mark.parametrize("max_buckets", [1, 2, 3, 4])
def test_buckets_then_no_other_cut_has_less_padding(max_buckets):
    lengths = [3] * 5 + [4] * 40 + [7] * 9 + [8] * 30 + [12] * 2 + [20]
    values = sorted(set(lengths))
    best = min(
        sum(min(cut for cut in (*cuts, 20) if cut >= length) for length in lengths)
        for cuts in itertools.combinations(values, max_buckets - 1)
    )
    assert area(make_pairs(lengths), max_buckets) == best


def test_buckets_when_there_are_fewer_lengths_then_no_padding():
    lengths = [3] * 5 + [9] * 4
    assert area(make_pairs(lengths), 8) == sum(lengths)


def test_buckets_when_there_is_one_pair_then_one_batch_of_it():
    batches = list(BucketedBatches([([5, 2], [6, 7, 2])], batch_tokens=512, seed=1).epoch(0))
    assert [isinstance(batch, Batch) for batch in batches] == [True]
    np.testing.assert_array_equal(batches[0].source_ids, [[5, 2, 0]])
    np.testing.assert_array_equal(batches[0].target_ids, [[1, 6, 7, 2]])


def test_buckets_when_the_target_is_longer_then_its_length_counts():
    pairs = [([5, 2], [6] * 9 + [2]), ([5] * 3 + [2], [6, 2])] * 8
    shapes = {batch.source_ids.shape for batch in BucketedBatches(pairs, batch_tokens=80, seed=1).epoch(0)}
    assert shapes == {(8, 10), (8, 4)}
