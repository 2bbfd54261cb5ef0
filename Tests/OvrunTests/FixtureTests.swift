import Foundation
import KernelCore
import Kernels
import OVRuntime
import Testing

@testable import ovrun

/// Every case recorded from OpenVINO, through every way of running a model.
@Suite struct FixtureTests {
  enum Runtime: String, CaseIterable {
    /// The operators' reference evaluations, node by node.
    case reference
    /// Compiled without passes.
    case unoptimized
    case portable, avx2, avx512

    var features: CPUFeatures {
      switch self {
      case .portable: []
      case .avx2: .avx2
      default: .all
      }
    }

    var engine: Engine {
      if self == .reference { return .reference }
      var options = CompileOptions()
      options.optimization = self != .unoptimized
      options.features = features.intersection(.current)
      return .compiled(options)
    }

    /// Whether the machine has the instructions.
    var isPossible: Bool {
      switch self {
      case .avx2: CPUFeatures.current.isSuperset(of: .avx2)
      case .avx512: CPUFeatures.current.isSuperset(of: .avx512)
      default: true
      }
    }
  }

  @Test(arguments: Runtime.allCases)
  func operationsAnswerAsRecorded(_ runtime: Runtime) throws {
    guard runtime.isPossible else {
      print("Fixtures/ops was not run with \(runtime.rawValue): the machine lacks the instructions")
      return
    }
    let engine = runtime.engine
    let cases = try Fixtures.operationCases()
    #expect(cases.count > 1500)
    let failures = cases.compactMap { fixture in
      fixture.test.run(engine, Criterion()).failure.map { "\(fixture.test.name): \($0)" }
    }
    #expect(failures.isEmpty, "\(failures.joined(separator: "\n"))")
  }

  @Test func kernelsAreThoseOfTheInstructionSet() throws {
    for runtime in [Runtime.portable, .avx2, .avx512] where runtime.isPossible {
      guard case .compiled(let options) = runtime.engine else { continue }
      let model = try Model(contentsOf: Fixtures.operations.appending(path: "cases/Convolution-1-blocked/model.xml").path)
      let kernels = try CompiledModel(model, options).steps.map(\.kernel).filter { $0.contains("conv") || $0.contains("winograd") }
      #expect(!kernels.isEmpty && kernels.allSatisfy { $0.contains(runtime.rawValue) }, "\(kernels)")
    }
  }
}
