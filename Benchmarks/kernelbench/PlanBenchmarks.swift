import KernelCore
import Kernels

/// The kernels that have one implementation for all instruction sets: those that move, index, order and compare elements. At shapes
/// beyond the second-level cache, as what bounds them is memory.
func planBenchmarks() -> [Benchmark] { movements() + indexing() + orderings() + reductions() }

private func benchmark(
  _ kernel: String, _ shape: String, bytes: Int, prepare: @escaping (Workspace) -> () -> Void
) -> Benchmark {
  Benchmark(kernel: kernel, shape: shape, operations: 0, bytes: Double(bytes), isPick: true, prepare: prepare)
}

extension Workspace {
  /// Indices below a limit that follow no order.
  fileprivate func indices(_ count: Int, below limit: Int) -> UnsafeMutablePointer<Int64> {
    let indices = bytes(8 * count).assumingMemoryBound(to: Int64.self)
    var state: UInt64 = 1
    for i in 0..<count {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      indices[i] = Int64((state >> 33) % UInt64(limit))
    }
    return indices
  }

  fileprivate func booleans(_ count: Int) -> UnsafeMutablePointer<UInt8> {
    let numbers = indices(count, below: 2)
    let booleans = bytes(count).assumingMemoryBound(to: UInt8.self)
    for i in 0..<count { booleans[i] = UInt8(numbers[i]) }
    return booleans
  }
}

/// A strided copy of 32-bit elements as an operation that needs one makes it.
private func copy(_ name: String, _ text: String, shape: [Int], source: [Int], destination: [Int]) -> Benchmark {
  let count = shape.reduce(1, *)
  // A stride of 0 reads the same element again.
  let read = zip(shape, source).reduce(1) { $1.1 == 0 ? $0 : $0 * $1.0 }
  let plan = CopyPlan(shape: shape, sourceStrides: source, destinationStrides: destination, elementSize: 4)!
  let kernel = CopyKernels.function(for: plan)
  return benchmark("\(name): \(kernel.name)", text, bytes: 4 * (read + count)) { workspace in
    let from = workspace.floats(zip(shape, source).reduce(1) { $0 + ($1.0 - 1) * $1.1 })
    let to = workspace.floats(zip(shape, destination).reduce(1) { $0 + ($1.0 - 1) * $1.1 })
    return { plan.run(kernel.run, source: from, destination: to) }
  }
}

private func movements() -> [Benchmark] {
  [
    copy("concat", "2 of 1x64x56x56 by channel", shape: [64, 3136], source: [3136, 1], destination: [3136, 1]),
    copy("concat", "channels last, 64 of 128", shape: [3136, 64], source: [64, 1], destination: [128, 1]),
    copy("split", "channels last, 64 of 128", shape: [3136, 64], source: [128, 1], destination: [64, 1]),
    copy("slice", "1x64x112x112, every second pixel", shape: [64, 56, 56], source: [12_544, 224, 2], destination: [3136, 56, 1]),
    copy("transpose", "1x64x56x56 to channels last", shape: [3136, 64], source: [1, 3136], destination: [64, 1]),
    copy("transpose", "12 heads of 128x64", shape: [12, 128, 64], source: [64, 768, 1], destination: [8192, 64, 1]),
    copy("broadcast", "1024x1 to 1024x512", shape: [1024, 512], source: [1, 0], destination: [512, 1]),
    copy("broadcast", "512 to 1024x512", shape: [1024, 512], source: [0, 1], destination: [512, 1]),
    copy("tile", "256x256, 4 by 2", shape: [4, 256, 2, 256], source: [0, 256, 0, 1], destination: [131_072, 512, 256, 1]),
    copy("pad", "border of one, 64x112x112", shape: [64, 112], source: [0, 0], destination: [12_996, 1]),
    selection("1024x512", scalar: false), selection("1024x512, scalar else", scalar: true),
  ]
}

private func selection(_ text: String, scalar: Bool) -> Benchmark {
  let count = 1024 * 512
  let plan = SelectPlan(
    shape: [count], conditionStrides: [1], thenStrides: [1], elseStrides: [scalar ? 0 : 1], outputStrides: [1], elementSize: 4)!
  return benchmark("select_x32", text, bytes: count * (scalar ? 9 : 13)) { workspace in
    let condition = workspace.booleans(count)
    let (then, otherwise, output) = (workspace.floats(count), workspace.floats(count), workspace.floats(count))
    return { plan.run(condition: condition, then: then, else: otherwise, output: output) }
  }
}

private func indexing() -> [Benchmark] {
  var list: [Benchmark] = []
  for (rows, floats) in [(30_522, 384), (8192, 16), (65_536, 1)] {
    let count = floats == 1 ? 1 << 19 : max(512, (1 << 19) / floats)
    let gather = GatherRows(
      batches: 1, outer: 1, extent: rows, count: count, rowBytes: 4 * floats, hasWideIndices: true, fillsOutOfRange: true)
    list.append(
      benchmark("gather_x32", "\(count) of \(rows) rows of \(floats)", bytes: count * (8 * floats + 8)) { workspace in
        let (table, indices, output) = (
          workspace.floats(rows * floats), workspace.indices(count, below: rows), workspace.floats(count * floats)
        )
        return { _ = gather.run(table, indices, output) }
      })
  }
  let count = 1 << 19
  let elements = IndexOffsets(.elements(outer: 512, extent: 1024, count: 1024, inner: 1), hasWideIndices: true)
  list.append(
    benchmark("gather_elements: index_offsets, gather_x32", "512x1024", bytes: count * 16) { workspace in
      let (data, indices, output) = (workspace.floats(count), workspace.indices(count, below: 1024), workspace.floats(count))
      let offsets = workspace.bytes(8 * count).assumingMemoryBound(to: Int.self)
      let movement = BlockMovement(count: count, blockBytes: 4)
      return {
        _ = elements.run(indices, offsets)
        movement.gather(data, offsets, output)
      }
    })
  for (updates, floats) in [(2048, 256), (1 << 17, 1)] {
    let places = 4096
    let tuples = IndexOffsets(.tuples(batch: 1, count: updates, extents: [places], strides: [1], batchStride: places), hasWideIndices: true)
    list.append(
      benchmark("scatter_nd: index_offsets, scatter_x32", "\(updates) of \(places) rows of \(floats)", bytes: updates * (8 * floats + 8)) {
        workspace in
        let (data, indices) = (workspace.floats(places * floats), workspace.indices(updates, below: places))
        let rows = workspace.floats(updates * floats)
        let offsets = workspace.bytes(8 * updates).assumingMemoryBound(to: Int.self)
        let movement = BlockMovement(count: updates, blockBytes: 4 * floats)
        return {
          _ = tuples.run(indices, offsets)
          movement.scatter(rows, offsets, data)
        }
      })
  }
  return list
}

private func orderings() -> [Benchmark] {
  [(1, 1), (1, 5), (1, 100), (1, 1000), (49, 5)].map { inner, count in
    let extent = inner == 1 ? 8400 : 80
    let outer = inner == 1 ? 64 : 128
    let plan = TopKPlan(
      outer: outer, extent: extent, inner: inner, count: count, takesGreatest: true, sortsByIndex: false, hasWideIndices: false)
    return benchmark("topk_f32", "\(outer)x\(extent)x\(inner), \(count)", bytes: outer * inner * (4 * extent + 8 * count)) { workspace in
      let input = workspace.floats(outer * extent * inner)
      let (values, indices) = (workspace.floats(outer * count * inner), workspace.bytes(4 * outer * count * inner))
      let scratch = workspace.bytes(plan.scratchByteCount)
      return { plan.run(Float.self, input, values, indices, scratch: scratch) }
    }
  }
}

private func reductions() -> [Benchmark] {
  var list: [Benchmark] = []
  for (outer, reduced, inner) in [(512, 1024, 1), (1, 512, 1024)] {
    let text = "\(outer)x\(reduced)x\(inner)"
    let sum = IntegerReduction(.sum, outer: outer, reduced: reduced, inner: inner)
    list.append(
      benchmark("reduction_i64_sum", text, bytes: 8 * outer * inner * (reduced + 1)) { workspace in
        let input = workspace.indices(outer * reduced * inner, below: 100)
        let output = workspace.indices(outer * inner, below: 1)
        return { sum.run(Int64.self, input, output) }
      })
    let running = CumulativeSum(outer: outer, extent: reduced, inner: inner, isExclusive: false, isReverse: false)
    list.append(
      benchmark("cumsum_f32", text, bytes: 8 * outer * inner * reduced) { workspace in
        let (input, output) = (workspace.floats(outer * reduced * inner), workspace.floats(outer * reduced * inner))
        return { running.run(input, output) }
      })
  }
  return list
}
