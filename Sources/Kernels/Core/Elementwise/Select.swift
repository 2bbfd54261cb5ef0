/// Chooses between two tensors by a boolean one, over tensors of one broadcast shape.
package struct SelectPlan: Sendable {
  private let nest: LoopNest<4>
  private let elementSize: Int

  /// Traverses `shape` with strides in elements, outermost first, 0 where an operand is broadcast. The elements chosen have
  /// `elementSize` bytes: 1, 2, 4 or 8.
  ///
  /// Returns nil where more dimensions remain after merging than ``LoopNest`` takes.
  package init?(
    shape: [Int], conditionStrides: [Int], thenStrides: [Int], elseStrides: [Int], outputStrides: [Int], elementSize: Int
  ) {
    precondition([1, 2, 4, 8].contains(elementSize))
    let dimensions = shape.indices.map { i in
      LoopNest<4>.Dimension(
        extent: shape[i],
        strides: [conditionStrides[i], thenStrides[i] * elementSize, elseStrides[i] * elementSize, outputStrides[i] * elementSize])
    }
    guard let nest = LoopNest<4>(dimensions) else { return nil }
    self.nest = nest
    self.elementSize = elementSize
  }

  /// Runs a worker's share: `output` = `condition` (0 or another byte) ? `then` : `else`.
  package func run(
    condition: UnsafeRawPointer, then: UnsafeRawPointer, else: UnsafeRawPointer, output: UnsafeMutableRawPointer, worker: Int = 0,
    workers: Int = 1
  ) {
    switch elementSize {
    case 1: run(UInt8.self, condition, then, `else`, output, worker, workers)
    case 2: run(UInt16.self, condition, then, `else`, output, worker, workers)
    case 4: run(UInt32.self, condition, then, `else`, output, worker, workers)
    default: run(UInt64.self, condition, then, `else`, output, worker, workers)
    }
  }

  @inline(__always)
  private func run<T: BitwiseCopyable>(
    _: T.Type, _ condition: UnsafeRawPointer, _ then: UnsafeRawPointer, _ else: UnsafeRawPointer, _ output: UnsafeMutableRawPointer,
    _ worker: Int, _ workers: Int
  ) {
    let rowStrides = nest.rows.strides
    let strides = nest.columns.strides
    let size = MemoryLayout<T>.size
    func isVector(_ stride: Int) -> Bool { stride == size || stride == 0 }
    let isDense = strides[0] == 1 && isVector(strides[1]) && isVector(strides[2]) && strides[3] == size
    nest.forEachPlane(worker: worker, workers: workers, columnGranule: 64 / size) { offsets, rows, columns in
      for row in 0..<rows {
        let c = condition + offsets[0] + row &* rowStrides[0]
        let x = `then` + offsets[1] + row &* rowStrides[1]
        let y = `else` + offsets[2] + row &* rowStrides[2]
        let z = output + offsets[3] + row &* rowStrides[3]
        if isDense {
          chooseRow(T.self, c, (x, strides[1] == 0), (y, strides[2] == 0), z, columns)
        } else {
          for i in 0..<columns {
            let isThen = c.load(fromByteOffset: i &* strides[0], as: UInt8.self) != 0
            let value = isThen ? x.load(fromByteOffset: i &* strides[1], as: T.self) : y.load(fromByteOffset: i &* strides[2], as: T.self)
            z.storeBytes(of: value, toByteOffset: i &* strides[3], as: T.self)
          }
        }
      }
    }
  }

  /// One row, a block at a time. An operand that is one element is repeated for a block; what is chosen is written behind the reads
  /// of a whole block, as the output may be an operand.
  @inline(__always)
  private func chooseRow<T: BitwiseCopyable>(
    _: T.Type, _ condition: UnsafeRawPointer, _ then: (base: UnsafeRawPointer, isScalar: Bool),
    _ else: (base: UnsafeRawPointer, isScalar: Bool), _ output: UnsafeMutableRawPointer, _ columns: Int
  ) {
    let c = condition.assumingMemoryBound(to: UInt8.self)
    let (x, y) = (then.base.assumingMemoryBound(to: T.self), `else`.base.assumingMemoryBound(to: T.self))
    let z = output.assumingMemoryBound(to: T.self)
    let (xs, ys) = (InlineArray<64, T>(repeating: x[0]), InlineArray<64, T>(repeating: y[0]))
    var chosen = InlineArray<64, T>(repeating: x[0])
    withUnsafePointer(to: xs) { xs in
      withUnsafePointer(to: ys) { ys in
        var start = 0
        while start < columns {
          let count = Swift.min(64, columns &- start)
          let p = then.isScalar ? UnsafeRawPointer(xs).assumingMemoryBound(to: T.self) : x + start
          let q = `else`.isScalar ? UnsafeRawPointer(ys).assumingMemoryBound(to: T.self) : y + start
          for i in 0..<count {
            let (a, b) = (p[i], q[i])
            chosen[unchecked: i] = c[start &+ i] != 0 ? a : b
          }
          for i in 0..<count { z[start &+ i] = chosen[unchecked: i] }
          start &+= count
        }
      }
    }
  }
}
