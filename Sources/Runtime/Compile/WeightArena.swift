/// Memory for a compiled model's weights, cut from ranges of large pages. A range lives as long as any weights in it.
final class WeightArena: Sendable {
  private struct State: Sendable {
    var range: LargePages?
    var used = 0
    /// What commits the first range, and the thread that does.
    var touching: (work: PageTouching, thread: PoolThread)?
  }
  private let state = Locked(State())

  /// Bytes reserved at a time.
  static let rangeByteCount = 32 << 20
  /// Below this the heap does as well.
  static let leastByteCount = 64 << 10

  deinit { endTouching() }

  /// Uninitialised bytes, aligned to 64.
  func allocate(_ byteCount: Int) -> TensorStorage {
    guard byteCount >= WeightArena.leastByteCount else { return TensorStorage(byteCount: byteCount, isZeroed: false) }
    return state.withLock { state in
      if state.range == nil || state.used > state.range!.byteCount - byteCount {
        state.range = LargePages(byteCount: max(WeightArena.rangeByteCount, byteCount))
        state.used = 0
      }
      guard let range = state.range else { return TensorStorage(byteCount: byteCount, isZeroed: false) }
      defer { state.used = min(range.byteCount, state.used + (byteCount + 63) / 64 * 64) }
      return TensorStorage(base: range.base + state.used, byteCount: byteCount, owner: range)
    }
  }

  /// Lets another thread commit memory for weights of at least `byteCount` bytes, while this one prepares the model: the system
  /// clears each page.
  func beginTouching(_ byteCount: Int) {
    // Room for what is more than the least, so that the range is used up to there.
    guard byteCount >= LargePages.pageByteCount, let range = LargePages(byteCount: max(WeightArena.rangeByteCount, 2 * byteCount)) else {
      return
    }
    let work = PageTouching(range, byteCount: byteCount)
    guard let thread = ThreadPool.shared.begin(work, helpers: 1) else { return }
    state.withLock {
      $0.range = range
      $0.touching = (work, thread)
    }
  }

  /// Takes the thread of ``beginTouching(_:)`` back; what is not committed yet will be when it is written.
  func endTouching() {
    guard let touching = state.withLock({ $0.touching.take() }) else { return }
    touching.work.stop()
    // The thread refers to the work without keeping it alive.
    withExtendedLifetime(touching.work) { ThreadPool.shared.end(touching.thread) }
  }
}

extension Model {
  /// The least bytes that the weights of convolutions and products take when they are packed.
  func leastPackedByteCount(_ options: CompileOptions) -> Int {
    var sum = 0
    for id in nodeIDs where ["Convolution", "MatMul"].contains(self[id].type) && self[id].inputs.count > 1 {
      var weights = self[self[id].inputs[1].node]
      if weights.type == "Convert" { weights = self[weights.inputs[0].node] }
      guard let data = weights.constant, [.f32, .f16].contains(weights.outputs[0].type.elementType),
        let shape = weights.outputs[0].type.shape.shape
      else { continue }
      // Probably read as they are stored.
      if options.expectedInferences != nil && weights.outputs[0].type.elementType == .f16 { continue }
      let isWindow = shape.count == 4 && shape[2...] == [3, 3] && (try? self[id].attributes.ints("strides")) == [1, 1]
      if isWindow && options.expectedInferences == nil {
        // At the sixteen points of Winograd's tiles, or more.
        sum += shape[0] * shape[1] * 16 * 4
      } else {
        sum += options.precision == .f16 ? min(data.byteCount, 2 * shape.elementCount) : data.byteCount
      }
    }
    return sum
  }
}
