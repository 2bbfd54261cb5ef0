import KernelCore
import Kernels

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The kernels that have one implementation for all instruction sets: those that move, index, order and compare elements. At shapes
/// beyond the second-level cache, as what bounds them is memory, but for orderings and suppression, which compare.
func planBenchmarks() -> [Benchmark] {
  (movements() + indexing() + reductions()).map { $0.held(to: Share.movement) } + orderings() + suppressions() + resizings()
}

private func benchmark(
  _ kernel: String, _ shape: String, operations: Double = 0, bytes: Int, isPick: Bool = true,
  prepare: @escaping (Workspace) -> () -> Void
) -> Benchmark {
  Benchmark(kernel: kernel, shape: shape, operations: operations, bytes: Double(bytes), isPick: isPick, prepare: prepare)
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
    copy("concat", "2 of 1x128x256x256 by channel", shape: [128, 65_536], source: [65_536, 1], destination: [65_536, 1]),
    copy("concat", "channels last, 64 of 128", shape: [3136, 64], source: [64, 1], destination: [128, 1]),
    copy("split", "channels last, 64 of 128", shape: [3136, 64], source: [128, 1], destination: [64, 1]),
    copy("split", "1x256x56x56 in four", shape: [64, 3136], source: [3136, 1], destination: [3136, 1]),
    copy("slice", "1x256x56x56 without its border", shape: [256, 54, 54], source: [3136, 56, 1], destination: [2916, 54, 1]),
    copy("slice", "1x64x112x112, every second pixel", shape: [64, 56, 56], source: [12_544, 224, 2], destination: [3136, 56, 1]),
    copy("transpose", "1x64x56x56 to channels last", shape: [3136, 64], source: [1, 3136], destination: [64, 1]),
    copy("transpose", "1x256x56x56 to channels last", shape: [3136, 256], source: [1, 3136], destination: [256, 1]),
    copy("transpose", "1x256x56x56 from channels last", shape: [256, 3136], source: [1, 256], destination: [3136, 1]),
    copy("transpose", "12 heads of 128x64", shape: [12, 128, 64], source: [64, 768, 1], destination: [8192, 64, 1]),
    copy("broadcast", "256x1x1 to 256x56x56", shape: [256, 3136], source: [1, 0], destination: [3136, 1]),
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
  for (rows, floats, count) in [(30_522, 384, 128), (30_522, 384, 4096), (8192, 16, 32_768), (65_536, 1, 1 << 19)] {
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
    benchmark("gather_elements: gather_x32", "512x1024", bytes: count * 16) { workspace in
      let (data, indices, output) = (workspace.floats(count), workspace.indices(count, below: 1024), workspace.floats(count))
      let movement = BlockMovement(elements, blockBytes: 4)
      return { _ = movement.gather(data, indices, output) }
    })
  for (updates, floats, places) in [(2048, 256, 4096), (1 << 17, 1, 4096), (1 << 17, 1, 1 << 20)] {
    // Of single floats in no order, whole lines of the cache come and go.
    let lines = Double(places * floats) / 16 * (1 - exp(-Double(16 * updates) / Double(places * floats)))
    let written = max(4 * updates * floats, floats == 1 ? Int(128 * lines) : 0)
    let tuples = IndexOffsets(.tuples(batch: 1, count: updates, extents: [places], strides: [1], batchStride: places), hasWideIndices: true)
    list.append(
      benchmark("scatter_nd: scatter_x32", "\(updates) of \(places) rows of \(floats)", bytes: updates * (4 * floats + 8) + written) {
        workspace in
        let (data, indices) = (workspace.floats(places * floats), workspace.indices(updates, below: places))
        let rows = workspace.floats(updates * floats)
        let movement = BlockMovement(tuples, blockBytes: 4 * floats)
        return { _ = movement.scatter(rows, indices, data) }
      })
  }
  return list
}

private func orderings() -> [Benchmark] {
  TopKKernels.table.supported(by: .current).flatMap(orderings)
}

private func orderings(_ kernel: TopKKernel) -> [Benchmark] {
  func order(_ element: KernelElement, _ outer: Int, _ extent: Int, _ inner: Int, _ count: Int) -> Benchmark {
    let plan = TopKPlan(
      outer: outer, extent: extent, inner: inner, count: count, takesGreatest: true, sortsByIndex: false, hasWideIndices: false)
    let bytes = outer * inner * (element.size * extent + (element.size + 4) * count)
    return benchmark(
      kernel.name(element), "\(outer)x\(extent)x\(inner), \(count) of \(element.rawValue)", bytes: bytes,
      isPick: kernel.name == TopKKernels.function().name
    ) { workspace in
      let total = outer * extent * inner
      let input = element == .i64 ? UnsafeMutableRawPointer(workspace.indices(total, below: 1 << 30)) : workspace.bytes(4 * total)
      let (values, indices) = (workspace.bytes(element.size * outer * count * inner), workspace.bytes(4 * outer * count * inner))
      let scratch = workspace.bytes(plan.scratchByteCount(element))
      return { plan.run(kernel, element, input, values, indices, scratch: scratch) }
    }
  }
  // The best alone is bound by memory.
  return [
    order(.f32, 64, 8400, 1, 1).held(to: Share.movement), order(.f32, 1, 21, 1 << 18, 1).held(to: Share.movement),
    order(.f16, 64, 8400, 1, 1).held(to: Share.movement),
    order(.f32, 64, 8400, 1, 5), order(.f32, 64, 8400, 1, 100), order(.f32, 64, 8400, 1, 1000), order(.f32, 128, 80, 49, 5),
    order(.i64, 64, 8400, 1, 100),
  ]
}

/// Suppression of the boxes of a class: a detector's 8732, of which a tenth scores high, and of which all do.
private func suppressions() -> [Benchmark] {
  let (classes, count, limit) = (21, 8732, 200)
  var state: UInt32 = 1
  func random() -> Float {
    state = state &* 1_664_525 &+ 1_013_904_223
    return Float(state >> 8) * 0x1p-24
  }
  let boxes = (0..<count).flatMap { _ -> [Float] in
    let (x, y) = (random(), random())
    return [x, y, x + 0.02 + 0.2 * random(), y + 0.02 + 0.2 * random()]
  }
  let scores = (0..<classes * count).map { _ in random() }
  let pick = OverlapKernels.function().name
  return OverlapKernels.table.supported(by: .current).flatMap { kernel in
    [(Float(0.9), limit), (0, limit), (0, count)].map { threshold, limit in
      let text = "\(classes)x\(count), above \(decimal(Double(threshold), 1)), at most \(limit)"
      let plan = BoxSuppression(scoreThreshold: threshold, overlapThreshold: 0.5, isExclusive: true, kernel: kernel)
      return benchmark(
        "nms: \(kernel.name)", text, bytes: 4 * (classes * count + boxes.count), isPick: kernel.name == pick
      ) { workspace in
        let kept = workspace.bytes(4 * count).assumingMemoryBound(to: Int32.self)
        let scratch = workspace.bytes(8 * count).assumingMemoryBound(to: UInt64.self)
        return {
          scores.withUnsafeBufferPointer { scores in
            for label in 0..<classes {
              _ = plan.run(
                boxes: boxes, scores: scores.baseAddress! + label * count, count: count, limit: limit, kept: kept, scratch: scratch)
            }
          }
        }
      }
    }
  }
}

/// Images resized; the bilinear ones have two taps an axis, the cubic ones four.
private func resizings() -> [Benchmark] {
  func resize(_ kernel: ResamplingKernel, _ mode: String, _ taps: Int, _ channels: Int, _ input: [Int], _ output: [Int]) -> Benchmark {
    let geometry = ResamplingGeometry(
      batch: 1, channels: channels, inputWidth: input[1], outputHeight: output[0], outputWidth: output[1],
      inputBatchStride: channels * input[0] * input[1], inputRowStride: channels * input[1], inputPixelStride: channels,
      outputBatchStride: channels * output[0] * output[1], outputRowStride: channels * output[1], outputPixelStride: channels)
    func axis(_ axis: Int) -> ResamplingTaps {
      ResamplingTaps(
        (0..<output[axis]).map { x in
          let first = x * input[axis] / output[axis] - (taps - 1) / 2
          return (first..<first + taps).map { (index: min(max($0, 0), input[axis] - 1), weight: 1 / Float(taps)) }
        })
    }
    let plan = ResizePlan(geometry, rows: axis(0), columns: axis(1))
    let text = "\(mode) \(channels)x\(input[0])x\(input[1]) to \(output[0])x\(output[1])"
    let counts = (channels * input[0] * input[1], channels * output[0] * output[1])
    return benchmark(
      kernel.name, text, operations: Double(plan.operations), bytes: 4 * (counts.0 + counts.1),
      isPick: kernel.name == ResamplingKernels.function().name
    ) { workspace in
      let (source, target) = (workspace.floats(counts.0), workspace.floats(counts.1))
      let scratch = workspace.bytes(plan.scratchByteCount)
      return { plan.run(kernel, input: source, output: target, scratch: scratch) }
    }
  }
  func sample(_ kernel: ResamplingKernel, _ mode: GridSamplingMode, _ channels: Int, _ side: Int) -> Benchmark {
    let plan = GridSamplingPlan(
      mode: mode, padding: .zeros, alignsCorners: false, batch: 1, channels: channels, height: side, width: side, points: side * side)
    let count = channels * side * side
    return benchmark(
      "grid_sample_" + kernel.name, "\(mode) \(channels)x\(side)x\(side)", bytes: 8 * (count + side * side),
      isPick: kernel.name == ResamplingKernels.function().name
    ) { workspace in
      let (source, grid, target) = (workspace.floats(count), workspace.floats(2 * side * side), workspace.floats(count))
      return { plan.run(kernel, input: source, grid: grid, output: target) }
    }
  }
  return ResamplingKernels.table.supported(by: .current).flatMap { kernel in
    [
      resize(kernel, "nearest", 1, 64, [128, 128], [256, 256]).held(to: Share.movement),
      resize(kernel, "nearest", 1, 3, [224, 224], [640, 640]).held(to: Share.movement),
      resize(kernel, "bilinear", 2, 64, [28, 28], [56, 56]),
      resize(kernel, "bilinear", 2, 64, [128, 128], [256, 256]).held(to: Share.movement),
      resize(kernel, "bilinear", 2, 3, [224, 224], [640, 640]).held(to: Share.movement),
      resize(kernel, "cubic", 4, 64, [128, 128], [256, 256]),
      resize(kernel, "cubic", 4, 3, [224, 224], [640, 640]),
      sample(kernel, .bilinear, 64, 128), sample(kernel, .bicubic, 64, 128),
    ]
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
        return { sum.run(.i64, input, output) }
      })
    let running = CumulativeSum(outer: outer, extent: reduced, inner: inner, isExclusive: false, isReverse: false)
    list.append(
      benchmark("cumsum_f32", text, bytes: 8 * outer * inner * reduced) { workspace in
        let (input, output) = (workspace.floats(outer * reduced * inner), workspace.floats(outer * reduced * inner))
        return { running.run(.f32, input, output) }
      })
  }
  return list
}
