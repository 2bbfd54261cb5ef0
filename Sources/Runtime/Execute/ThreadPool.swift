/// Work that one thread begins and others may join.
protocol SharedWork: AnyObject, Sendable {
  /// Does what there is for a worker to do. Called with 0 by the thread that began the work, and with other numbers by as many
  /// others as there are at the time, be it none.
  func work(_ worker: Int)
}

/// Threads that join in the work of others: started when they are first needed, asleep while they are not.
///
/// Once they have been started, neither joining nor ending allocates.
final class ThreadPool: Sendable {
  /// The threads of all inferences: one fewer than the processors, as an inference begins on a thread of its caller.
  static let shared = ThreadPool(limit: availableProcessors() - 1)

  /// How many threads may be started.
  private let limit: Int
  private struct Threads: Sendable {
    /// The threads without work, a chain through ``PoolThread/next``.
    var idle: PoolThread?
    var count = 0
  }
  private let threads = Locked(Threads())

  init(limit: Int) { self.limit = limit }

  /// Does work on this thread and up to `workers` − 1 others; returns when none of them is in it any more.
  func run(_ work: some SharedWork, workers: Int) {
    let helpers = begin(work, helpers: workers - 1)
    work.work(0)
    // The threads refer to the work without keeping it alive.
    withExtendedLifetime(work) { end(helpers) }
  }

  /// Lets up to `count` idle threads join in `work`, which stays alive until ``end(_:)``; returns a chain of them.
  func begin(_ work: some SharedWork, helpers count: Int) -> PoolThread? {
    let helpers = count > 0 ? take(count) : nil
    var worker = 1
    var helper = helpers
    while let thread = helper {
      thread.call(for: work, worker)
      worker += 1
      helper = thread.next
    }
    return helpers
  }

  /// Waits until the threads of a chain have left their work.
  func end(_ helpers: PoolThread?) {
    var last: PoolThread?
    var helper = helpers
    while let thread = helper {
      thread.dismiss()
      last = thread
      helper = thread.next
    }
    guard let last else { return }
    threads.withLock {
      last.next = $0.idle
      $0.idle = helpers
    }
  }

  /// Takes a chain of idle threads, starting what is missing and allowed.
  private func take(_ count: Int) -> PoolThread? {
    threads.withLock { threads in
      var chain: PoolThread?
      for _ in 0..<count {
        if let thread = threads.idle {
          threads.idle = thread.next
          thread.next = chain
          chain = thread
        } else if threads.count < limit, let thread = PoolThread() {
          threads.count += 1
          thread.next = chain
          chain = thread
        } else {
          break
        }
      }
      return chain
    }
  }
}
