import KernelCore
import Kernels
import Testing

@Suite struct IndexingTests {
  /// Runs `body` for each worker of teams of one to three.
  private static func forEachTeam(_ body: (_ worker: Int, _ workers: Int) -> Void, check: (_ workers: Int) -> Void) {
    for workers in 1...3 {
      for worker in 0..<workers { body(worker, workers) }
      check(workers)
    }
  }

  @Test(arguments: [1, 2, 4, 8, 3, 24, 100])
  func rowsAreGathered(_ rowBytes: Int) {
    for (batches, outer, extent, count) in [(1, 1, 7, 5), (1, 3, 4, 9), (2, 3, 5, 17), (3, 1, 1, 1), (2, 2, 6, 0)] {
      var samples = SeededGenerator(seed: UInt64(rowBytes * 100 + count))
      let table = (0..<batches * outer * extent * rowBytes).map { _ in UInt8.random(in: 0...255, using: &samples) }
      let indices = (0..<batches * count).map { _ in Int32(samples.int(-extent...extent)) }
      for isWide in [false, true] {
        let rows = GatherRows(
          batches: batches, outer: outer, extent: extent, count: count, rowBytes: rowBytes, hasWideIndices: isWide, fillsOutOfRange: true)
        var expected: [UInt8] = []
        for plane in 0..<batches * outer {
          for index in indices[(plane / outer * count)..<((plane / outer + 1) * count)] {
            let place = Int(index) < 0 ? Int(index) + extent : Int(index)
            let row = (plane * extent + place) * rowBytes
            expected += place < extent ? Array(table[row..<row + rowBytes]) : [UInt8](repeating: 0, count: rowBytes)
          }
        }
        var output = [UInt8](repeating: 77, count: expected.count + 1)
        Self.forEachTeam { worker, workers in
          if worker == 0 { output = [UInt8](repeating: 77, count: expected.count + 1) }
          let wide = indices.map { Int64($0) }
          let isDone =
            isWide
            ? rows.run(table, wide, &output, worker: worker, workers: workers)
            : rows.run(table, indices, &output, worker: worker, workers: workers)
          #expect(isDone)
        } check: { workers in
          #expect(output == expected + [77], "\(batches) × \(outer) × \(extent), \(count) rows, \(workers) workers")
        }
      }
    }
  }

  @Test func indicesOutOfRangeFail() {
    let rows = GatherRows(batches: 1, outer: 1, extent: 3, count: 2, rowBytes: 4, hasWideIndices: true, fillsOutOfRange: false)
    let table: [Float] = [1, 2, 3]
    var output: [Float] = [0, 0]
    #expect(!rows.run(table, [Int64(0), 3], &output))
    #expect(rows.run(table, [Int64(-3), 2], &output) && output == [1, 3])
    var offsets = [Int](repeating: -1, count: 3)
    let isValid = IndexOffsets(.rows(outer: 1, extent: 3, count: 3), hasWideIndices: false).run([Int32(2), -4, 1], &offsets, 0, 3)
    #expect(!isValid && offsets == [2, 0, 1])
  }

  @Test func halvesAreWidened() {
    let table = (0..<60).map { Float16($0) / 4 }
    let rows = GatherRows(batches: 1, outer: 1, extent: 3, count: 4, rowBytes: 40, hasWideIndices: false, fillsOutOfRange: true)
    for kernel in ConversionKernels.table.supported(by: .current) where kernel.conversion == .f16ToF32 {
      var output = [Float](repeating: -1, count: 80)
      for worker in 0..<2 {
        #expect(rows.runWidening(table, [Int32(2), -3, 1, 2], &output, widen: kernel.run, worker: worker, workers: 2))
      }
      var expected: [Float] = []
      for row in [2, 0, 1, 2] { expected += table[(20 * row)..<(20 * row + 20)].map { Float($0) } }
      #expect(output == expected, "\(kernel.name)")
    }
  }

  @Test func elementsRowsAndTuples() {
    var samples = SeededGenerator(seed: 5)
    for (outer, extent, count, inner) in [(1, 5, 3, 1), (2, 4, 6, 3), (3, 1, 2, 17), (7, 9, 5, 11)] {
      let indices = (0..<outer * count * inner).map { _ in Int64(samples.int(-extent...(extent - 1))) }
      func place(_ index: Int64) -> Int { Int(index) < 0 ? Int(index) + extent : Int(index) }
      var offsets = [Int](repeating: -1, count: indices.count)
      let elements = IndexOffsets(.elements(outer: outer, extent: extent, count: count, inner: inner), hasWideIndices: true)
      let expectedOffsets: [Int] = indices.indices.map { i in
        let plane = i / (count * inner)
        return (plane * extent + place(indices[i])) * inner + i % inner
      }
      for start in [0, 1, indices.count / 2] {
        offsets = [Int](repeating: -1, count: indices.count)
        #expect(elements.run(indices, &offsets, start, indices.count))
        let found = Array(offsets[..<(indices.count - start)])
        #expect(found == Array(expectedOffsets[start...]), "\(outer) × \(extent) × \(inner), \(count), from \(start)")
      }
      let rows = IndexOffsets(.rows(outer: outer, extent: extent, count: count), hasWideIndices: true)
      #expect(rows.count == outer * count && rows.run(indices, &offsets, 0, rows.count))
      let expected: [Int] = (0..<rows.count).map { i in i / count * extent + place(indices[i % count]) }
      #expect(Array(offsets[..<rows.count]) == expected)
    }
    let tuples = IndexOffsets(.tuples(batch: 2, count: 2, extents: [3, 4], strides: [4, 1], batchStride: 12), hasWideIndices: false)
    var offsets = [Int](repeating: 0, count: 4)
    #expect(tuples.run([Int32(0), 1, 2, 3, -1, -1, 1, 0], &offsets, 0, 4) && offsets == [1, 11, 23, 16])
    #expect(!tuples.run([Int32(0), 1, 2, 4, -1, -1, 1, 0], &offsets, 0, 4))
  }

  @Test(arguments: [(1, 1), (2, 1), (4, 1), (8, 1), (12, 1), (1024, 1), (4, 5), (12, 5)])
  func blocksMove(_ blockBytes: Int, _ groups: Int) {
    var samples = SeededGenerator(seed: UInt64(blockBytes))
    // More than the offsets that are made at a time.
    let (places, perGroup) = (40, 700)
    let count = groups * perGroup
    let offsets = (0..<count).map { $0 / perGroup * places + samples.int(0...(places - 1)) }
    let data = (0..<groups * places * blockBytes).map { _ in UInt8.random(in: 0...255, using: &samples) }
    let updates = (0..<count * blockBytes).map { _ in UInt8.random(in: 0...255, using: &samples) }
    let indices = offsets.map { Int32($0 % places) }
    let form = IndexOffsets.Form.elements(outer: groups, extent: places, count: perGroup, inner: 1)
    let movement = BlockMovement(IndexOffsets(form, hasWideIndices: false), blockBytes: blockBytes, groups: groups)
    let gathered = offsets.flatMap { data[($0 * blockBytes)..<(($0 + 1) * blockBytes)] }
    var scattered = data
    for (i, offset) in offsets.enumerated() {
      for j in 0..<blockBytes { scattered[offset * blockBytes + j] = updates[i * blockBytes + j] }
    }
    var (output, target): ([UInt8], [UInt8]) = ([], [])
    Self.forEachTeam { worker, workers in
      if worker == 0 { (output, target) = ([UInt8](repeating: 0, count: gathered.count), data) }
      #expect(movement.gather(data, indices, &output, worker: worker, workers: workers))
      #expect(movement.scatter(updates, indices, &target, worker: worker, workers: workers))
    } check: { workers in
      #expect(output == gathered && target == scattered, "\(workers) workers")
    }
  }

  @Test(arguments: ScatterCombination.allCases)
  func updatesAreCombined(_ combination: ScatterCombination) {
    func check<T: ScatteredNumber & Numeric & Comparable>(_: T.Type, _ element: KernelElement, _ random: (inout SeededGenerator) -> T) {
      for (size, groups) in [(1, 1), (1, 6), (3, 2), (600, 1)] {
        var samples = SeededGenerator(seed: UInt64(size))
        let offsets = (0..<groups * 9).map { $0 / 9 * 5 + samples.int(0...4) }
        let data = (0..<groups * 5 * size).map { _ in random(&samples) }
        let updates = (0..<offsets.count * size).map { _ in random(&samples) }
        var expected = data
        for (i, offset) in offsets.enumerated() {
          for j in 0..<size {
            let (a, b) = (expected[offset * size + j], updates[i * size + j])
            expected[offset * size + j] =
              switch combination {
              case .sum: a + b
              case .sub: a - b
              case .prod: a * b
              case .min: min(a, b)
              case .max: max(a, b)
              }
          }
        }
        let indices = offsets.map { Int64($0 % 5) }
        let form = IndexOffsets.Form.elements(outer: groups, extent: 5, count: 9, inner: 1)
        let movement = BlockMovement(
          IndexOffsets(form, hasWideIndices: true), blockBytes: size * MemoryLayout<T>.size, groups: groups)
        var output = data
        Self.forEachTeam { worker, workers in
          if worker == 0 { output = data }
          #expect(movement.scatter(element, combination, updates, indices, &output, worker: worker, workers: workers))
        } check: { workers in
          #expect(output == expected, "\(T.self), blocks of \(size), \(groups) groups, \(workers) workers")
        }
      }
    }
    check(Float.self, .f32) { Float($0.int(-8...8)) / 4 }
    check(Int32.self, .i32) { Int32($0.int(-2...2)) }
    check(Int64.self, .i64) { Int64($0.int(-2...2)) }
  }

  static let topKKernels = TopKKernels.table.supported(by: .current)

  @Test(arguments: [(1, 1), (1, 6), (3, 2), (70, 1)])
  func sumsBecomeMeans(_ size: Int, _ groups: Int) {
    var random = SeededGenerator(seed: UInt64(size))
    // Of two places of each group nothing was added to.
    let indices = (0..<groups * 900).map { _ in Int64([-5, 0, 1, -3][random.int(0...3)]) }
    let sums = (0..<groups * 5 * size).map { _ in random.int(-5000...5000) }
    let form = IndexOffsets.Form.elements(outer: groups, extent: 5, count: 900, inner: 1)
    // Each element's own number is one of its mean's.
    var counts = [Int](repeating: 1, count: groups * 5)
    for (i, index) in indices.enumerated() { counts[i / 900 * 5 + (Int(index) + 5) % 5] += 1 }
    func check<T: Equatable & BitwiseCopyable>(_ element: KernelElement, _ sums: [T], _ expected: [T]) {
      let movement = BlockMovement(
        IndexOffsets(form, hasWideIndices: true), blockBytes: size * MemoryLayout<T>.size, groups: groups)
      for workers in 1...3 {
        var output = sums
        var scratch = [Int32](repeating: -7, count: groups * 5)
        for worker in 0..<workers {
          movement.average(element, indices, &output, counts: &scratch, worker: worker, workers: workers)
        }
        #expect(output == expected, "\(element), blocks of \(size), \(groups) groups, \(workers) workers")
      }
    }
    func floor(_ x: Int, _ count: Int) -> Int { Int((Double(x) / Double(count)).rounded(.down)) }
    let means = sums.indices.map { floor(sums[$0], counts[$0 / size]) }
    check(.i32, sums.map { Int32($0) }, means.map { Int32($0) })
    check(.i64, sums.map { Int64($0) }, means.map { Int64($0) })
    check(.f32, sums.map { Float($0) }, sums.indices.map { Float(sums[$0]) / Float(counts[$0 / size]) })
  }

  @Test(arguments: [1, 2, 3, 16, 17, 40, 200, 700], topKKernels)
  func theBestComeFirst(_ extent: Int, _ kernel: TopKKernel) {
    func check<T: OrderedElement & Comparable & SignedNumeric>(
      _: T.Type, _ element: KernelElement, isBelow: @escaping (T, T) -> Bool, _ random: (inout SeededGenerator) -> T
    ) {
      for (outer, inner) in extent == 700 ? [(3, 1), (1, 17)] : [(5, 1), (2, 3), (1, 20)] {
        for count in Set([1, 2, 5, extent / 3, extent].filter { $0 >= 1 && $0 <= extent }) {
          for takesGreatest in [true, false] {
            for sortsByIndex in [true, false] {
              let seed = UInt64(extent * 31 + count)
              var samples = SeededGenerator(seed: seed)
              let input = (0..<outer * extent * inner).map { _ in random(&samples) }
              let plan = TopKPlan(
                outer: outer, extent: extent, inner: inner, count: count, takesGreatest: takesGreatest, sortsByIndex: sortsByIndex,
                hasWideIndices: sortsByIndex)
              var values = [T](repeating: 0, count: outer * count * inner)
              var wide = [Int64](repeating: -1, count: values.count)
              var narrow = [Int32](repeating: -1, count: values.count)
              let scratch = AlignedBytes(2 * plan.scratchByteCount(element))
              for worker in 0..<2 {
                if sortsByIndex {
                  plan.run(kernel, element, input, &values, &wide, scratch: scratch.base, worker: worker, workers: 2)
                } else {
                  plan.run(kernel, element, input, &values, &narrow, scratch: scratch.base, worker: worker, workers: 2)
                }
              }
              for line in 0..<outer * inner {
                func place(_ i: Int, _ extent: Int) -> Int { (line / inner * extent + i) * inner + line % inner }
                var order = Array(0..<extent)
                order.sort { a, b in
                  let (x, y) = (input[place(a, extent)], input[place(b, extent)])
                  let (first, second) = takesGreatest ? (isBelow(y, x), isBelow(x, y)) : (isBelow(x, y), isBelow(y, x))
                  return first || (!second && a < b)
                }
                let best = sortsByIndex ? order.prefix(count).sorted() : Array(order.prefix(count))
                let found = (0..<count).map { sortsByIndex ? Int(wide[place($0, count)]) : Int(narrow[place($0, count)]) }
                #expect(
                  found == best,
                  "\(kernel.name), \(T.self), \(outer) × \(extent) × \(inner), \(count), greatest \(takesGreatest), seed \(seed)")
                for (i, index) in best.enumerated() {
                  let (x, y) = (values[place(i, count)], input[place(index, extent)])
                  #expect(x == y || x != x && y != y)
                }
              }
            }
          }
        }
      }
    }
    // Few different values, so that there are ties; zeros of both signs, infinities and NaN.
    let special: [Float] = [.nan, -.infinity, .infinity, -0.0, 0, .leastNonzeroMagnitude]
    func isBelow(_ a: Float, _ b: Float) -> Bool { a < b || (b.isNaN && !a.isNaN) }
    check(Float.self, .f32, isBelow: isBelow) { samples in
      samples.int(0...9) < 2 ? special[samples.int(0...5)] : Float(samples.int(-9...9)) / 2
    }
    func isHalfBelow(_ a: Float16, _ b: Float16) -> Bool { isBelow(Float(a), Float(b)) }
    check(Float16.self, .f16, isBelow: isHalfBelow) { samples in
      samples.int(0...9) < 2 ? Float16(special[samples.int(0...5)]) : Float16(samples.int(-9...9)) / 2
    }
    check(Int32.self, .i32, isBelow: <) { samples in samples.int(0...9) == 0 ? .min : Int32(samples.int(-9...9)) }
    // Near each other, and not within 32 bits.
    check(Int64.self, .i64, isBelow: <) { samples in Int64(samples.int(-9...9)) - 1 << 40 }
    check(Int64.self, .i64, isBelow: <) { samples in
      [.min, .max, -1, 0, 1 << 32, 1 << 32 + 1][samples.int(0...5)] &+ Int64(samples.int(0...2))
    }
  }

  @Test(arguments: [[7], [1], [3, 40], [2, 3, 5], [4, 1, 1], [5, 0, 3]])
  func elementsThatAreNotZero(_ shape: [Int]) {
    var samples = SeededGenerator(seed: UInt64(shape[0]))
    let values: [Float] = (0..<shape.reduce(1, *)).map { _ in [0, -0.0, 1, .nan, -2][samples.int(0...4)] }
    func check<T>(_ elements: [T], isFloatingPoint: Bool, isZero: (T) -> Bool) {
      var expected = [[Int64]](repeating: [], count: shape.count)
      for (offset, element) in elements.enumerated() where !isZero(element) {
        var rest = offset
        for axis in shape.indices.reversed() {
          expected[axis].append(Int64(rest % shape[axis]))
          rest /= shape[axis]
        }
      }
      let plan = NonZeroPlan(shape: shape, elementBytes: MemoryLayout<T>.size, isFloatingPoint: isFloatingPoint)
      elements.withUnsafeBytes { bytes in
        guard let input = bytes.baseAddress else { return }
        #expect(plan.count(input) == expected[0].count)
        var output = [Int64](repeating: -1, count: shape.count * expected[0].count + 1)
        plan.run(input, &output, count: expected[0].count)
        #expect(output == expected.flatMap { $0 } + [-1], "\(T.self), \(shape)")
      }
    }
    check(values, isFloatingPoint: true) { $0 == 0 }
    check(values.map { Float16($0) }, isFloatingPoint: true) { $0 == 0 }
    check(values.map { Double($0) }, isFloatingPoint: true) { $0 == 0 }
    check(values.map { $0 == 0 ? UInt8(0) : 128 }, isFloatingPoint: false) { $0 == 0 }
    check(values.map { $0 == 0 ? Int64(0) : .min }, isFloatingPoint: false) { $0 == 0 }
  }

  /// More lines than are looked at together, and rows than are inserted whatever they hold.
  @Test(arguments: topKKernels, [1, 2, 8])
  func theBestOfManyRowsAreFound(_ kernel: TopKKernel, _ count: Int) {
    var samples = SeededGenerator(seed: 3)
    let (extent, inner) = (150, 2500)
    let input = (0..<extent * inner).map { _ in Float(samples.int(-99...99)) }
    for sortsByIndex in [false, true] {
      let plan = TopKPlan(
        outer: 1, extent: extent, inner: inner, count: count, takesGreatest: true, sortsByIndex: sortsByIndex, hasWideIndices: true)
      for workers in [1, 2] {
        var (values, indices) = ([Float](repeating: 0, count: count * inner), [Int64](repeating: -1, count: count * inner))
        let scratch = AlignedBytes(workers * plan.scratchByteCount(.f32))
        for worker in 0..<workers {
          plan.run(kernel, .f32, input, &values, &indices, scratch: scratch.base, worker: worker, workers: workers)
        }
        for column in 0..<inner {
          let line = (0..<extent).map { input[$0 * inner + column] }
          let best = Array(line.indices.sorted { (line[$1], $0) < (line[$0], $1) }.prefix(count))
          let expected = sortsByIndex ? best.sorted() : best
          let found = (0..<count).map { Int(indices[$0 * inner + column]) }
          #expect(found == expected && (0..<count).map { values[$0 * inner + column] } == expected.map { line[$0] })
        }
      }
    }
  }
}

extension TopKKernel: CustomTestStringConvertible {
  public var testDescription: String { name }
}
