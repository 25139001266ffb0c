"""What a node computes about models: reading and writing them, aggregating updates, scoring what each contributed.

Pure: bytes and arrays in, bytes and arrays out; numpy and safetensors only. Everything read here comes from strangers, so
it is bounded and checked first, and all refusals are a `LearningError` with one sentence.

One round, in the order in which a committee member uses it:

1. `models.read_model` the starting model; `contributions.classify` the decrypted updates against it,
2. `contributions.ContributionModels` gives the models to run `predict` on,
3. `predictions.read_predictions` what came out; `contributions.score_round` turns it into the lanes that go on the chain,
4. `aggregation.aggregate` the accepted updates with the settled contributions; `models.write_model` gives canonical bytes.

Two machines must get the same bits from the same updates, so arithmetic here is float64, element by element, each operation
rounded on its own, and every sum over elements has a stated order (`clipping`) or is exact (`math.fsum`, integers). NumPy's
own sums are pairwise with a width that depends on the processor, and BLAS splits work among threads: neither is used.
"""
