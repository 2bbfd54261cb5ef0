import Synchronization
import Testing

@testable import OVRuntime

@Suite struct TeamTests {
  private final class Log: Sendable {
    let entries = Locked<[(step: Int, part: Int)]>([])
  }

  /// More threads than processors, fewer than the largest team's, so that a part's own thread is missing at times.
  private static let pool = ThreadPool(limit: 4)

  private func info(_ name: String) -> StepInfo {
    StepInfo(nodeName: name, nodeType: "Test", kernel: "test", precision: .f32, fusedNames: [], floatingPointOperations: 0, byteCount: 0)
  }

  /// Runs `team.run` on steps that log, and checks that every part of a step ran once, and behind all parts of the step before.
  @Test(arguments: [1, 2, 3, 7], 0..<20)
  func runsEveryPartOnceAndInOrder(workers: Int, round: Int) {
    let log = Log()
    let kinds = (0..<40).map { ($0 + round) % 3 != 0 }
    let steps = kinds.enumerated().map { index, isParallel in
      Step(info: info("step \(index)"), isParallel: isParallel) { _, part, parts in
        precondition(parts == (isParallel ? workers : 1))
        log.entries.withLock { $0.append((index, part)) }
      }
    }
    let table = UnsafeMutablePointer<UnsafeMutableRawPointer>.allocate(capacity: 1)
    defer { table.deallocate() }
    let failure = StepFailure()
    let variables = VariableStore()
    let memory = StepMemory(buffers: table, failure: failure, variables: variables)
    let team = Team(workers: workers, stepCount: steps.count, pool: Self.pool)
    let references = steps.map { Unmanaged.passUnretained($0) }
    for _ in 0..<3 {
      log.entries.withLock { $0 = [] }
      references.withUnsafeBufferPointer { team.run($0, memory) }
      let entries = log.entries.withLock { $0 }
      #expect(entries.map(\.step) == entries.map(\.step).sorted())
      for (index, isParallel) in kinds.enumerated() {
        #expect(entries.filter { $0.step == index }.map(\.part).sorted() == Array(0..<(isParallel ? workers : 1)))
      }
    }
    withExtendedLifetime((steps, failure, variables)) {}
  }

  /// Counts its workers, and those among them at the same time.
  private final class Crowd: SharedWork {
    let workers = Locked<Set<Int>>([])
    let present = Atomic(0)

    func work(_ worker: Int) {
      present.add(1, ordering: .relaxed)
      workers.withLock { _ = $0.insert(worker) }
      for _ in 0..<worker * 1000 { _ = present.load(ordering: .relaxed) }
      present.subtract(1, ordering: .relaxed)
    }
  }

  @Test func nobodyIsInTheWorkWhenItIsOver() {
    for round in 0..<2000 {
      let crowd = Crowd()
      Self.pool.run(crowd, workers: 1 + round % 7)
      #expect(crowd.present.load(ordering: .relaxed) == 0)
      let workers = crowd.workers.withLock { $0 }
      #expect(workers.contains(0) && workers.allSatisfy { $0 < 1 + round % 7 })
    }
  }

  @Test func aPoolWithoutThreadsLeavesTheWorkToTheCaller() {
    let crowd = Crowd()
    ThreadPool(limit: 0).run(crowd, workers: 4)
    #expect(crowd.workers.withLock { $0 } == [0])
  }

  /// Teams that run at the same time share the threads there are.
  @Test func teamsShareAPool() async {
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<4 {
        group.addTask {
          for _ in 0..<500 {
            let crowd = Crowd()
            Self.pool.run(crowd, workers: 3)
            #expect(crowd.present.load(ordering: .relaxed) == 0)
          }
        }
      }
    }
  }
}
