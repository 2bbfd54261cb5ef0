import Dispatch
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Runs the steps of a plan on several threads, launched once per inference.
///
/// A parallel step has one part per worker. Each worker takes its own part of the step, then any part that nobody has begun,
/// then waits for the parts under way. Who runs a part does not change what the part computes. As a part is only ever waited for
/// once a running thread has begun it, the team finishes with however many threads Dispatch grants, be it the caller alone.
final class Team: @unchecked Sendable {
  // Sendable: the arrays are atomics; `run` is called for one inference at a time.
  private let workers: Int
  private let stepCount: Int
  /// For each step a bit for each part that was begun.
  private let begun: UnsafeMutablePointer<Atomic<UInt64>>
  /// For each step the number of parts that are done.
  private let done: UnsafeMutablePointer<Atomic<Int>>

  /// The bits of a word of ``begun``.
  static let largestTeam = 64

  init(workers: Int, stepCount: Int) {
    precondition((1...Team.largestTeam).contains(workers))
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
    let shared = Shared(steps: steps, memory: memory)
    // The launch orders the stores above before the workers' loads.
    DispatchQueue.concurrentPerform(iterations: workers) { worker in
      for index in shared.steps.indices { take(part: worker, of: index, shared) }
    }
  }

  private struct Shared: @unchecked Sendable {
    let steps: UnsafeBufferPointer<Unmanaged<Step>>
    let memory: StepMemory
  }

  private func take(part own: Int, of index: Int, _ shared: Shared) {
    shared.steps[index]._withUnsafeGuaranteedRef { step in
      let parts = step.isParallel ? workers : 1
      var part = own < parts ? own : 0
      for _ in 0..<parts {
        let bit: UInt64 = 1 << UInt64(part)
        if begun[index].load(ordering: .relaxed) & bit == 0,
          begun[index].bitwiseOr(bit, ordering: .relaxed).oldValue & bit == 0
        {
          step.body(shared.memory, part, parts)
          done[index].add(1, ordering: .releasing)
        }
        part = part + 1 < parts ? part + 1 : 0
      }
      wait(until: parts, index)
    }
  }

  /// Waits until all parts of a step are done: spins for about the length of a short step, then gives the processor away.
  private func wait(until parts: Int, _ index: Int) {
    var spins = 0
    while done[index].load(ordering: .acquiring) < parts {
      spins += 1
      if spins > 20_000 { sched_yield() }
    }
  }
}
