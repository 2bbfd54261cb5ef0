let imageOperators: [OperatorRegistry.Entry] = [
  .init("Interpolate", [1, 4, 11], Interpolate.init)
]
