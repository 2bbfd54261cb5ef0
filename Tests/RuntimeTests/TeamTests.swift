import Synchronization
import Testing

@testable import OVRuntime

@Suite struct TeamTests {
  private final class Log: Sendable {
    let entries = Mutex<[(step: Int, part: Int)]>([])
  }

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
    let team = Team(workers: workers, stepCount: steps.count)
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
}
