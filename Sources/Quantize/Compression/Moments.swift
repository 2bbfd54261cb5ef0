import Dispatch
import OVRuntime

/// XᵀX of the data of a matrix product, X having a row a position and a column a channel.
struct SecondMoments {
  /// Row-major; only the places on the diagonal and to its right count.
  private(set) var sums: [Float]
  let channels: Int

  init(channels: Int) {
    self.channels = channels
    sums = [Float](repeating: 0, count: channels * channels)
  }

  /// Adds a tensor whose last axis counts channels.
  mutating func add(_ tensor: Tensor) {
    guard tensor.shape.last == channels, tensor.elementType == .f32 else { return }
    tensor.withUnsafeBytes { bytes in
      let values = bytes.bindMemory(to: Float.self)
      addProducts(values, values, rows: channels, columns: channels, isSymmetric: true, to: &sums)
    }
  }
}

/// DᵀX of what an output misses and the data it is computed from, both having a row a position.
struct CrossMoments {
  /// Row-major.
  private(set) var sums: [Float]
  /// The channels of D.
  let rows: Int
  /// The channels of X.
  let columns: Int

  init(rows: Int, columns: Int) {
    (self.rows, self.columns) = (rows, columns)
    sums = [Float](repeating: 0, count: rows * columns)
  }

  /// Adds tensors whose last axes count channels: what there should be, what there is, and the data.
  mutating func add(_ wanted: Tensor, _ given: Tensor, _ data: Tensor) {
    guard [wanted, given, data].allSatisfy({ $0.elementType == .f32 }), wanted.shape == given.shape, wanted.shape.last == rows,
      data.shape.last == columns, wanted.elementCount / max(rows, 1) == data.elementCount / max(columns, 1)
    else { return }
    let missing = zip(wanted.array(of: Float.self), given.array(of: Float.self)).map { $0 - $1 }
    missing.withUnsafeBufferPointer { missing in
      data.withUnsafeBytes { bytes in
        addProducts(missing, bytes.bindMemory(to: Float.self), rows: rows, columns: columns, isSymmetric: false, to: &sums)
      }
    }
  }
}

/// Adds AᵀB to row-major sums; A and B have a row a position. Of symmetric ones, what lies to the left of the diagonal is not complete.
private func addProducts(
  _ a: UnsafeBufferPointer<Float>, _ b: UnsafeBufferPointer<Float>, rows: Int, columns: Int, isSymmetric: Bool, to sums: inout [Float]
) {
  guard let left = a.baseAddress, let right = b.baseAddress, rows > 0, columns > 0 else { return }
  sums.withUnsafeMutableBufferPointer { sums in
    nonisolated(unsafe) let tiles = ProductTiles(
      a: left, b: right, sums: sums.baseAddress!, positions: b.count / columns, rows: rows, columns: columns)
    let blocks = rows / 4
    // Each iteration sums lines of its own.
    DispatchQueue.concurrentPerform(iterations: blocks + rows % 4) { index in
      let row = index < blocks ? 4 * index : rows - rows % 4 + index - blocks
      var column = isSymmetric ? row / 8 * 8 : 0
      while column + 8 <= columns {
        if index < blocks { tiles.addFourLines(row, column) } else { tiles.addLine(row, column) }
        column += 8
      }
      while column < columns {
        for line in row..<(index < blocks ? row + 4 : row + 1) { tiles.addNumber(line, column) }
        column += 1
      }
    }
  }
}

/// Parts of a sum of outer products, which stay in registers while all positions pass.
private struct ProductTiles {
  let a: UnsafePointer<Float>
  let b: UnsafePointer<Float>
  let sums: UnsafeMutablePointer<Float>
  let positions: Int
  let rows: Int
  let columns: Int

  /// Eight numbers of four lines.
  @inline(__always)
  func addFourLines(_ row: Int, _ column: Int) {
    var (x0, x1, x2, x3) = (SIMD8<Float>.zero, SIMD8<Float>.zero, SIMD8<Float>.zero, SIMD8<Float>.zero)
    var (factors, numbers) = (a + row, UnsafeRawPointer(b + column))
    for _ in 0..<positions {
      let y = numbers.loadUnaligned(as: SIMD8<Float>.self)
      x0 += y * factors[0]
      x1 += y * factors[1]
      x2 += y * factors[2]
      x3 += y * factors[3]
      factors += rows
      numbers += 4 * columns
    }
    add(x0, row, column)
    add(x1, row + 1, column)
    add(x2, row + 2, column)
    add(x3, row + 3, column)
  }

  /// Eight numbers of a line.
  @inline(__always)
  func addLine(_ row: Int, _ column: Int) {
    var x = SIMD8<Float>.zero
    for p in 0..<positions {
      x += UnsafeRawPointer(b + p * columns + column).loadUnaligned(as: SIMD8<Float>.self) * a[p * rows + row]
    }
    add(x, row, column)
  }

  @inline(__always)
  func addNumber(_ row: Int, _ column: Int) {
    for p in 0..<positions { sums[row * columns + column] += a[p * rows + row] * b[p * columns + column] }
  }

  @inline(__always)
  private func add(_ x: SIMD8<Float>, _ row: Int, _ column: Int) {
    let place = UnsafeMutableRawPointer(sums + row * columns + column)
    place.storeBytes(of: place.loadUnaligned(as: SIMD8<Float>.self) + x, as: SIMD8<Float>.self)
  }
}
