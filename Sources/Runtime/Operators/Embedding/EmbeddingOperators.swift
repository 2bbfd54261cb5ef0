let embeddingOperators: [OperatorRegistry.Entry] = [
  .init("EmbeddingBagOffsets", [15], EmbeddingBagOffsets.init),
  .init("EmbeddingBagOffsetsSum", [3], EmbeddingBagOffsets.init),
  .init("EmbeddingBagPacked", [15], EmbeddingBagPacked.init),
  .init("EmbeddingBagPackedSum", [3], EmbeddingBagPacked.init),
  .init("EmbeddingSegmentsSum", [3], EmbeddingSegmentsSum.init),
  .init("SegmentMax", [16], SegmentMax.init),
  .init("SparseFillEmptyRows", [16], SparseFillEmptyRows.init),
  .init("StringTensorPack", [15], StringTensorPack.init),
  .init("StringTensorUnpack", [15], StringTensorUnpack.init),
]
