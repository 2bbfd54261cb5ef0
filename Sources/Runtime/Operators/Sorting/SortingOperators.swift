let sortingOperators: [OperatorRegistry.Entry] = [
  .init("Bucketize", [3], Bucketize.init),
  .init("NonZero", [3], NonZero.init),
  .init("SearchSorted", [15], SearchSorted.init),
  .init("TopK", [1, 3, 11], TopK.init),
  .init("Unique", [10], Unique.init),
]
