/// Memory for a compiled model's weights, cut from ranges of large pages. A range lives as long as any weights in it.
final class WeightArena: Sendable {
  private struct State {
    var range: LargePages?
    var used = 0
  }
  private let state = Locked(State())

  /// Bytes reserved at a time.
  static let rangeByteCount = 32 << 20
  /// Below this the heap does as well.
  static let leastByteCount = 64 << 10

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
}
