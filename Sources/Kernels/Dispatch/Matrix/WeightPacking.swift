import KernelCore

/// Weights as they are stored, and what the kernels' are to be.
package struct WeightSource {
  package var base: UnsafeRawPointer
  package var type: WeightType
  /// What each output channel is multiplied by; nil for nothing.
  package var factors: UnsafePointer<Float>?

  package init(_ base: UnsafeRawPointer, _ type: WeightType, factors: UnsafePointer<Float>? = nil) {
    self.base = base
    self.type = type
    self.factors = factors
  }

  /// The source of the output channels from `channel` on, where `stride` elements lie from one to the next.
  func advanced(to channel: Int, stride: Int) -> WeightSource {
    WeightSource(base + channel * stride * type.byteCount, type, factors: factors.map { $0 + channel })
  }
}

/// Reads weights of half or single precision panel by panel: what every packing of weights O×I×taps begins with.
///
/// A panel's columns (output channels) are far apart in the source, each a run of rows. They are converted run by run, which
/// reads the source in order, and turned into rows of a panel from a copy that is near.
struct WeightReader {
  let source: WeightSource
  /// Elements from a column to the next.
  let columnStride: Int
  private let widen: ConversionFunction?
  private let columns: UnsafeMutablePointer<Float>
  private let rows: UnsafeMutablePointer<Float>
  /// The most rows read at a time, a multiple of 9 and 16.
  static let blockRows = 288
  /// Elements from a column's copy to the next; columns a power of two apart would share places in the cache.
  private static let copyStride = blockRows + 16

  /// `widest`: the most columns of a panel.
  init(_ source: WeightSource, columnStride: Int, widest: Int, features: CPUFeatures) {
    self.source = source
    self.columnStride = columnStride
    widen = source.type == .f16 ? ConversionKernels.function(for: .f16ToF32, features: features).run : nil
    columns = .allocate(capacity: widest * Self.copyStride)
    rows = .allocate(capacity: widest * Self.blockRows)
  }

  func deallocate() {
    columns.deallocate()
    rows.deallocate()
  }

  /// Rows `range` of columns `first`..<`first + count` as rows of `width` floats, zeros behind the last column. Valid until the
  /// next call.
  func read(_ range: Range<Int>, first: Int, count: Int, width: Int) -> UnsafePointer<Float> {
    let length = range.count
    for n in 0..<count {
      let from = source.base + ((first + n) * columnStride + range.lowerBound) * source.type.byteCount
      let to = columns + n * Self.copyStride
      if let widen { widen(from, to, length) } else { UnsafeMutableRawPointer(to).copyMemory(from: from, byteCount: 4 * length) }
      if let factors = source.factors {
        let factor = factors[first + n]
        for r in 0..<length { to[r] *= factor }
      }
    }
    for r in 0..<length {
      let row = rows + r * width
      for n in 0..<count { row[n] = columns[n * Self.copyStride + r] }
      for n in count..<width { row[n] = 0 }
    }
    return UnsafePointer(rows)
  }
}

/// Stores rows of floats in the precision that a kernel reads.
struct WeightWriter {
  let type: WeightType
  private let narrow: ConversionFunction?

  init(_ type: WeightType, features: CPUFeatures) {
    self.type = type
    narrow = type == .f16 ? ConversionKernels.function(for: .f32ToF16, features: features).run : nil
  }

  func store(_ values: UnsafePointer<Float>, count: Int, at target: UnsafeMutableRawPointer) {
    if let narrow { narrow(values, target, count) } else { target.copyMemory(from: values, byteCount: 4 * count) }
  }
}

extension MatrixPanels {
  /// Packs weights whose columns lie one after the other, each channel by channel and tap by tap: element (tap · channels +
  /// channel, n) is `source[n · rows + channel · taps + tap]`.
  func packColumns(
    _ source: WeightSource, taps: Int, into packed: UnsafeMutableRawPointer, _ packedType: WeightType,
    features: CPUFeatures
  ) {
    if taps == 1 && source.type == packedType && source.factors == nil { return transpose(source, into: packed, features) }
    let reader = WeightReader(source, columnStride: rows, widest: panelColumns + lanes, features: features)
    defer { reader.deallocate() }
    let writer = WeightWriter(packedType, features: features)
    let channels = rows / taps
    for panel in 0..<count {
      let column = panel * panelColumns
      let width = paddedColumns(panel)
      let base = packed + panel * panelStride * packedType.byteCount
      for first in stride(from: 0, to: rows, by: WeightReader.blockRows) {
        let block = first..<min(first + WeightReader.blockRows, rows)
        let values = reader.read(block, first: column, count: min(columns - column, width), width: width)
        if taps == 1 {
          writer.store(values, count: block.count * width, at: base + first * width * packedType.byteCount)
          continue
        }
        for r in block {
          let row = r % taps * channels + r / taps
          writer.store(values + (r - first) * width, count: width, at: base + row * width * packedType.byteCount)
        }
      }
    }
  }

  /// Packs weights of one tap whose elements stay as they are.
  private func transpose(_ source: WeightSource, into packed: UnsafeMutableRawPointer, _ features: CPUFeatures) {
    let size = source.type.byteCount
    for panel in 0..<count {
      let column = panel * panelColumns
      let width = paddedColumns(panel)
      let filled = min(columns - column, width)
      let target = packed + panel * panelStride * size
      if filled < width { target.initializeMemory(as: UInt8.self, repeating: 0, count: rows * width * size) }
      let plan = CopyPlan(shape: [rows, filled], sourceStrides: [1, rows], destinationStrides: [width, 1], elementSize: size)!
      plan.run(
        CopyKernels.function(for: plan, features: features).run, source: source.base + column * rows * size, destination: target)
    }
  }

  /// Packs weights whose rows lie one after the other: element (k, n) is `source[k · columns + n]`. There are no factors.
  func packRows(
    _ source: WeightSource, into packed: UnsafeMutableRawPointer, _ packedType: WeightType, features: CPUFeatures
  ) {
    // A row of B is a column to the reader, which widens it.
    precondition(source.factors == nil, "output channels do not lie one after the other")
    let reader = WeightReader(source, columnStride: columns, widest: 1, features: features)
    defer { reader.deallocate() }
    let writer = WeightWriter(packedType, features: features)
    let row = UnsafeMutablePointer<Float>.allocate(capacity: panelColumns + lanes)
    defer { row.deallocate() }
    for panel in 0..<count {
      let column = panel * panelColumns
      let width = paddedColumns(panel)
      let filled = min(columns - column, width)
      row.initialize(repeating: 0, count: width)
      for k in 0..<rows {
        row.update(from: reader.read(column..<(column + filled), first: k, count: 1, width: 1), count: filled)
        writer.store(row, count: width, at: packed + (panel * panelStride + k * width) * packedType.byteCount)
      }
    }
  }
}
