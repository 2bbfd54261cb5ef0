import Synchronization

/// Data derived from a constant: weights in a kernel's format.
struct DerivedKey: Hashable, Sendable {
  /// The value they are derived from.
  let source: OutputID
  /// What else they depend on: the kernel's name and layout.
  let kind: String
}

/// Data derived from constants that a plan needs and no earlier plan has made. They are written together, by the whole team.
struct DerivedConstants {
  private struct Pending: Sendable {
    let key: DerivedKey
    let storage: TensorStorage
    let fill: @Sendable (UnsafeMutableRawPointer) -> Void
  }
  private var pending: [Pending] = []

  /// Data of at least this many bytes are worth a second thread.
  private static let parallelByteCount = 256 << 10

  /// The bytes that `fill` is going to write, or that an earlier plan's did.
  mutating func storage(
    for key: DerivedKey, byteCount: Int, in environment: CompileEnvironment, fill: @escaping @Sendable (UnsafeMutableRawPointer) -> Void
  ) -> TensorStorage {
    if let known = environment.cachedDerived(key), known.byteCount == byteCount { return known }
    if let known = pending.first(where: { $0.key == key && $0.storage.byteCount == byteCount }) { return known.storage }
    let storage = environment.weightArena.allocate(byteCount)
    pending.append(Pending(key: key, storage: storage, fill: fill))
    return storage
  }

  /// Writes all data and gives them to the environment.
  mutating func fill(in environment: CompileEnvironment) {
    environment.weightArena.endTouching()
    // The largest first, so that the threads end together.
    let work = pending.sorted { $0.storage.byteCount > $1.storage.byteCount }
    let total = work.reduce(0) { $0 + $1.storage.byteCount }
    let threads = total < DerivedConstants.parallelByteCount ? 1 : min(environment.workers, work.count)
    ThreadPool.shared.run(Filling(work), workers: threads)
    for item in work { environment.cacheDerived(item.storage, for: item.key) }
    pending = []
  }

  /// Data being written by whoever comes, the first of the list first.
  private final class Filling: SharedWork {
    private let work: [Pending]
    private let begun = Atomic(0)

    init(_ work: [Pending]) { self.work = work }

    func work(_ worker: Int) {
      while true {
        let index = begun.wrappingAdd(1, ordering: .relaxed).oldValue
        guard index < work.count else { return }
        work[index].fill(work[index].storage.base)
      }
    }
  }
}
