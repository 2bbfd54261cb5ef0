import KernelCore

/// How a product's rows and panels are dealt to workers: a grid of `rowParts` × `panelParts`.
struct WorkGrid {
  var rowParts: Int
  var panelParts: Int

  /// The grid whose largest share costs least.
  ///
  /// Rows can be dealt in `rowUnits` pieces and columns in `panels`. A piece of rows costs `unitCost` for each panel and
  /// `rowUnitOverhead` besides; a panel costs `panelOverhead` besides. Steps that deal rows leave an equal part of them in each worker's
  /// caches; what a share reads beyond as many comes from another's, at `rowUnitTransfer` for a piece of rows, and `unitTransfer` for each
  /// panel of it where a panel reads a part of a row of its own.
  static func best(
    workers: Int, rowUnits: Int, panels: Int, unitCost: Double, rowUnitOverhead: Double, panelOverhead: Double,
    rowUnitTransfer: Double = 0, unitTransfer: Double = 0
  ) -> WorkGrid {
    var best = WorkGrid(rowParts: workers, panelParts: 1)
    var least = Double.infinity
    for panelParts in 1...workers where workers % panelParts == 0 {
      let rowParts = workers / panelParts
      let rows = Double((rowUnits + rowParts - 1) / rowParts)
      let columns = Double((panels + panelParts - 1) / panelParts)
      let foreign = 1 - Double(rowUnits) / (Double(workers) * rows)
      let cost =
        rows * (columns * (unitCost + foreign * unitTransfer) + rowUnitOverhead + foreign * rowUnitTransfer) + columns * panelOverhead
      if cost < least {
        least = cost
        best = WorkGrid(rowParts: rowParts, panelParts: panelParts)
      }
    }
    return best
  }

  /// The same for depthwise convolutions: lines of `width` pixels, whose channels are dealt in `pieces` that fill a line of the cache.
  static func depthwise(workers: Int, lines: Int, width: Int, pieces: Int) -> WorkGrid {
    // A line from another worker's cache takes about as long as two to compute.
    best(
      workers: workers, rowUnits: lines, panels: pieces, unitCost: Double(width), rowUnitOverhead: 16, panelOverhead: 0,
      unitTransfer: Double(2 * width))
  }

  /// Part `index` of `parts` of 0..<`count`.
  static func part(_ index: Int, of parts: Int, count: Int) -> Range<Int> {
    index * count / parts..<(index + 1) * count / parts
  }
}
