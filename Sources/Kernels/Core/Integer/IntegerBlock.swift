/// Eight values of a row of A that meet one step of packed B.
@frozen @usableFromInline package struct IntegerStep {
  /// Bytes from the row's beginning to the values.
  @usableFromInline package var a: Int32
  /// The step's place in a panel.
  @usableFromInline package var index: Int32

  @inlinable @inline(__always) package init(a: Int32, index: Int32) {
    self.a = a
    self.index = index
  }
}

/// Where all that the steps of a block find lies: `rows` × `columns` runs of `length` bytes, of which the last of a row begins at
/// `lastColumn`, perhaps among the one before.
@frozen @usableFromInline package struct IntegerRuns {
  @usableFromInline package var base: UnsafeRawPointer
  @usableFromInline package var length: Int
  @usableFromInline package var columns: Int
  @usableFromInline package var columnStride: Int
  @usableFromInline package var lastColumn: Int
  @usableFromInline package var rows: Int
  @usableFromInline package var rowStride: Int
  /// The eight bytes that a step finds are the same eight of every period; runs are a register long at least, and whole periods.
  @usableFromInline package var byPairs: Bool
  /// Bytes, a multiple of eight where runs are by pairs.
  @usableFromInline package var period: Int

  package init(
    base: UnsafeRawPointer, length: Int, columns: Int, columnStride: Int, lastColumn: Int, rows: Int, rowStride: Int, byPairs: Bool,
    period: Int
  ) {
    self.base = base
    self.length = length
    self.columns = columns
    self.columnStride = columnStride
    self.lastColumn = lastColumn
    self.rows = rows
    self.rowStride = rowStride
    self.byPairs = byPairs
    self.period = period
  }
}

/// A kernel's own memory: a tile's sums, what the tiles of a panel have in common, lists of steps, and bounds of A.
@frozen @usableFromInline package struct IntegerSchedule {
  @usableFromInline let memory: UnsafeMutableRawPointer

  /// `memory` has ``byteCount(steps:runLength:)`` bytes, aligned to 64.
  package init(_ memory: UnsafeMutableRawPointer) { self.memory = memory }

  package static func byteCount(steps: Int, runLength: Int) -> Int {
    (2176 + 3 * steps * MemoryLayout<IntegerStep>.stride + runLength / 2 + 4 + 127) / 64 * 64
  }

  /// A tile is 24 registers at the most.
  @inlinable @inline(__always) var sums: UnsafeMutableRawPointer { memory }
  @inlinable @inline(__always) var buffer: UnsafeMutableRawPointer { memory + 1536 }
  @inlinable @inline(__always) var panel: UnsafeMutablePointer<IntegerPanel> {
    (memory + 1792).assumingMemoryBound(to: IntegerPanel.self)
  }
  @inlinable @inline(__always) var starts: UnsafeMutableRawPointer { memory + 1920 }
  @inlinable @inline(__always) var lists: UnsafeMutablePointer<IntegerStep> {
    (memory + 2176).assumingMemoryBound(to: IntegerStep.self)
  }
  @inlinable @inline(__always) func maxima(steps: Int) -> UnsafeMutablePointer<UInt8> {
    UnsafeMutableRawPointer(lists + 3 &* steps).assumingMemoryBound(to: UInt8.self)
  }
}

/// What an ``IntegerEpilogue``'s first stage makes of int32 sums, but for what each column has of its own.
@frozen @usableFromInline package struct IntegerStage {
  @usableFromInline package var residualType: ActivationType
  @usableFromInline package var hasResidual: Bool
  @usableFromInline package var outputType: ActivationType
  /// The bound below is that of the output's type.
  @usableFromInline package var saturates: Bool
  @usableFromInline package var residualMultiplier: Float
  @usableFromInline package var residualOffset: Float
  @usableFromInline package var innerLower: Float
  @usableFromInline package var innerUpper: Float
  @usableFromInline package var lower: Float
  @usableFromInline package var upper: Float

  package init(_ epilogue: IntegerEpilogue, _ scaling: IntegerScaling) {
    hasResidual = scaling.residualIsEarly
    residualType = epilogue.residual?.type ?? .f32
    outputType = scaling.isStaged ? .f32 : epilogue.output.type
    saturates = outputType != .f32 && scaling.lower == Float(outputType.range.lowerBound)
    residualMultiplier = scaling.residualMultiplier
    residualOffset = scaling.residualOffset
    innerLower = scaling.innerLower
    innerUpper = scaling.innerUpper
    lower = scaling.lower
    upper = scaling.upper
  }
}

/// A block of a product of u8 A and i8 B with its epilogue's first stage: what one call of an integer matrix kernel computes.
///
/// C has `groups` × `rows` rows and `columns` columns. A row of A is what `steps` find from its first byte on. B is packed as
/// ``IntegerPanels`` says. Strides are in bytes.
@frozen @usableFromInline package struct IntegerBlock {
  @usableFromInline package var a: UnsafeRawPointer
  @usableFromInline package var aRowStride: Int
  @usableFromInline package var aGroupStride: Int
  @usableFromInline package var steps: UnsafePointer<IntegerStep>
  @usableFromInline package var stepCount: Int

  @usableFromInline package var runs: IntegerRuns
  /// For each step the two bytes of a period, counted in twos, that its first two values are; the others follow. 0 where runs are not by
  /// pairs.
  @usableFromInline package var pairs: UnsafePointer<Int32>
  @usableFromInline package var schedule: IntegerSchedule
  /// What has been subtracted from every row of A, as a row of A itself; it meets B too. Only where rows are without gaps.
  @usableFromInline package var shift: UnsafeRawPointer?

  @usableFromInline package var b: UnsafeRawPointer
  @usableFromInline package var bPanelStride: Int

  @usableFromInline package var c: UnsafeMutableRawPointer
  @usableFromInline package var cRowStride: Int
  @usableFromInline package var cGroupStride: Int
  @usableFromInline package var rows: Int
  @usableFromInline package var groups: Int
  @usableFromInline package var columns: Int

  @usableFromInline package var stage: IntegerStage
  @usableFromInline package var residual: UnsafeRawPointer?
  @usableFromInline package var residualRowStride: Int
  @usableFromInline package var residualGroupStride: Int

  package init(
    a: UnsafeRawPointer, aRowStride: Int, aGroupStride: Int, steps: UnsafePointer<IntegerStep>, stepCount: Int,
    runs: IntegerRuns, pairs: UnsafePointer<Int32>, schedule: IntegerSchedule, b: UnsafeRawPointer, bPanelStride: Int,
    c: UnsafeMutableRawPointer,
    cRowStride: Int, cGroupStride: Int, rows: Int, groups: Int, columns: Int, stage: IntegerStage
  ) {
    self.a = a
    self.aRowStride = aRowStride
    self.aGroupStride = aGroupStride
    self.steps = steps
    self.stepCount = stepCount
    self.runs = runs
    self.pairs = pairs
    self.schedule = schedule
    self.b = b
    self.bPanelStride = bPanelStride
    self.c = c
    self.cRowStride = cRowStride
    self.cGroupStride = cGroupStride
    self.rows = rows
    self.groups = groups
    self.columns = columns
    self.stage = stage
    shift = nil
    residual = nil
    residualRowStride = 0
    residualGroupStride = 0
  }
}

/// Computes an ``IntegerBlock``.
package typealias IntegerBlockFunction = @Sendable (_ block: UnsafePointer<IntegerBlock>) -> Void

/// A row of the table of integer matrix kernels.
package struct IntegerMatrixKernel: KernelDescriptor {
  package let name: String
  package let requires: CPUFeatures
  /// 32-bit integers in a register.
  package let lanes: Int
  /// The most rows of a tile of a whole panel.
  package let tileRows: Int
  /// How fast a product is depends on how great the values of A are.
  package let prefersSmallValues: Bool
  package let run: IntegerBlockFunction

  package init(
    name: String, requires: CPUFeatures, lanes: Int, tileRows: Int, prefersSmallValues: Bool = false, run: @escaping IntegerBlockFunction
  ) {
    self.name = name
    self.requires = requires
    self.lanes = lanes
    self.tileRows = tileRows
    self.prefersSmallValues = prefersSmallValues
    self.run = run
  }
}
