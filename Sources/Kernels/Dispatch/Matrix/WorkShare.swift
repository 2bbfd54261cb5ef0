import KernelCore

/// How a product's rows and panels are dealt to workers: a grid of `rowParts` × `panelParts`.
struct WorkGrid {
  var rowParts: Int
  var panelParts: Int

  /// The grid whose largest share costs least.
  ///
  /// Rows can be dealt in `rowUnits` pieces and columns in `panels`. A piece of rows costs `unitCost` for each panel and
  /// `rowUnitOverhead` besides; a panel costs `panelOverhead` besides. Steps that deal rows leave a part of them in each worker's caches:
  /// of rows that are dealt otherwise most come from another's, at `rowUnitTransfer` for a piece.
  static func best(
    workers: Int, rowUnits: Int, panels: Int, unitCost: Double, rowUnitOverhead: Double, panelOverhead: Double,
    rowUnitTransfer: Double = 0
  ) -> WorkGrid {
    var best = WorkGrid(rowParts: workers, panelParts: 1)
    var least = Double.infinity
    for panelParts in 1...workers where workers % panelParts == 0 {
      let rowParts = workers / panelParts
      let rows = Double((rowUnits + rowParts - 1) / rowParts)
      let columns = Double((panels + panelParts - 1) / panelParts)
      let transfer = rowUnitTransfer * (1 - Double(rowParts) / Double(workers))
      let cost = rows * (columns * unitCost + rowUnitOverhead + transfer) + columns * panelOverhead
      if cost < least {
        least = cost
        best = WorkGrid(rowParts: rowParts, panelParts: panelParts)
      }
    }
    return best
  }

  /// Part `index` of `parts` of 0..<`count`.
  static func part(_ index: Int, of parts: Int, count: Int) -> Range<Int> {
    index * count / parts..<(index + 1) * count / parts
  }
}
