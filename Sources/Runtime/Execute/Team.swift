import Synchronization

/// Runs the steps of a plan on several threads, launched once per inference.
///
/// A parallel step has one part per worker. Each worker takes its own part of the step, then any part that nobody has begun,
/// then waits for the parts under way. Who runs a part does not change what the part computes. As a part is only ever waited for
/// once a running thread has begun it, the team finishes with however many threads the pool has to spare, be it the caller alone.
final class Team: SharedWork, @unchecked Sendable {
  // Sendable: the arrays are atomics; `run` is called for one inference at a time.
  private let pool: ThreadPool
  private let workers: Int
  private let stepCount: Int
  /// For each step a bit for each part that was begun.
  private let begun: UnsafeMutablePointer<Atomic<UInt64>>
  /// For each step the number of parts that are done.
  private let done: UnsafeMutablePointer<Atomic<Int>>
  /// The steps of the inference under way, and what they see of its request.
  private var steps = UnsafeBufferPointer<Unmanaged<Step>>(start: nil, count: 0)
  private var memory: StepMemory?

  /// The bits of a word of ``begun``.
  static let largestTeam = 64

  init(workers: Int, stepCount: Int, pool: ThreadPool = .shared) {
    precondition((1...Team.largestTeam).contains(workers))
    self.pool = pool
    self.workers = workers
    self.stepCount = stepCount
    begun = .allocate(capacity: max(1, stepCount))
    done = .allocate(capacity: max(1, stepCount))
    for i in 0..<stepCount {
      (begun + i).initialize(to: Atomic(0))
      (done + i).initialize(to: Atomic(0))
    }
  }

  deinit {
    for i in 0..<stepCount {
      (begun + i).deinitialize(count: 1)
      (done + i).deinitialize(count: 1)
    }
    begun.deallocate()
    done.deallocate()
  }

  /// Runs the steps; returns when the last is done.
  ///
  /// - Precondition: there are at most as many steps as the team was made for.
  func run(_ steps: UnsafeBufferPointer<Unmanaged<Step>>, _ memory: StepMemory) {
    precondition(steps.count <= stepCount)
    for i in steps.indices {
      begun[i].store(0, ordering: .relaxed)
      done[i].store(0, ordering: .relaxed)
    }
    self.steps = steps
    self.memory = memory
    // The call orders the stores above before the loads of those who join.
    pool.run(self, workers: workers)
  }

  func work(_ worker: Int) {
    let memory = self.memory!
    for index in steps.indices { take(part: worker, of: index, memory) }
  }

  private func take(part own: Int, of index: Int, _ memory: StepMemory) {
    steps[index]._withUnsafeGuaranteedRef { step in
      let parts = step.isParallel ? workers : 1
      var part = own < parts ? own : 0
      for _ in 0..<parts {
        let bit: UInt64 = 1 << UInt64(part)
        if begun[index].load(ordering: .relaxed) & bit == 0,
          begun[index].bitwiseOr(bit, ordering: .relaxed).oldValue & bit == 0
        {
          step.body(memory, part, parts)
          done[index].add(1, ordering: .releasing)
        }
        part = part + 1 < parts ? part + 1 : 0
      }
      // Those who wait have nothing else to do: no other part of this step is left, and the next needs them all.
      spin { done[index].load(ordering: .acquiring) >= parts }
    }
  }
}
