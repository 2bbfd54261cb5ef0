import Foundation
import Testing
@testable import OVRuntime

@Suite struct ScratchCases {
  @Test func cases() throws {
    let env = ProcessInfo.processInfo.environment
    guard let list = env["OV_CASES"] else { return }
    var passed = 0
    var failed: [String] = []
    for dir in list.split(separator: " ").map(String.init) {
      do {
        let worst = try check(dir)
        if worst <= 1 { passed += 1 } else { failed.append("\(dir): error \(worst)") }
      } catch { failed.append("\(dir): \(error)") }
    }
    for f in failed { print("FAIL " + f) }
    print("SUMMARY \(passed) passed, \(failed.count) failed")
  }

  func check(_ dir: String) throws -> Double {
    var model = try Model(contentsOf: dir + "/model.xml")
    var propagation = ShapePropagation()
    try propagation.run(on: &model)
    let interpreter = try ReferenceInterpreter(model)
    let fm = FileManager.default
    var worst = 0.0
    if fm.fileExists(atPath: dir + "/steps") {
      let variables = VariableStore()
      for step in try fm.contentsOfDirectory(atPath: dir + "/steps").sorted(by: { Int($0)! < Int($1)! }) {
        worst = max(worst, try data(dir + "/steps/" + step, model, interpreter, variables))
      }
    }
    for set in try fm.contentsOfDirectory(atPath: dir) where Int(set) != nil {
      worst = max(worst, try data(dir + "/" + set, model, interpreter, VariableStore()))
    }
    return worst
  }

  func data(_ dir: String, _ model: Model, _ interpreter: ReferenceInterpreter, _ variables: VariableStore) throws -> Double {
    var inputs: [Tensor] = []
    for k in model.parameters.indices { inputs.append(try Tensor(npyFile: dir + "/input_\(k).npy")) }
    let outputs = try interpreter.run(inputs, variables: variables)
    var worst = 0.0
    for (k, output) in outputs.enumerated() {
      let expected = try Tensor(npyFile: dir + "/output_\(k).npy")
      let type = model[model.results[k]].outputs.first?.type ?? model.type(of: model[model.results[k]].inputs[0])
      if !type.shape.accepts(output.shape) || (type.elementType != output.elementType && type.elementType != .dynamic) { throw OVError(.internalFailure, "output \(k): inferred \(type), computed \(output.type)") }
      if ProcessInfo.processInfo.environment["OV_TYPES"] != nil { print(dir, k, type, output.type) }
      guard expected.shape == output.shape else { throw OVError(.internalFailure, "output \(k): \(output.type) instead of \(expected.type)") }
      let isBool = output.elementType == .boolean
      guard expected.elementType == output.elementType || isBool else { throw OVError(.internalFailure, "output \(k): \(output.type) instead of \(expected.type)") }
      let (a, b) = (output.doubles(), expected.doubles())
      let finite = b.filter { $0.isFinite }
      let range = (finite.max() ?? 0) - (finite.min() ?? 0)
      let scale = output.elementType.isFloatingPoint ? max(range, (finite.map(abs).max() ?? 0)) * (output.elementType == .f16 ? 2e-3 : 1e-4) + 1e-30 : 0.5
      for i in a.indices {
        if a[i] == b[i] || (a[i].isNaN && b[i].isNaN) { continue }
        let e = abs(a[i] - b[i]) / scale
        if !(e <= 1) && !(worst > 1) { print("  \(dir) output \(k) at \(i): \(a[i]) instead of \(b[i])") }
        worst = max(worst, e.isNaN ? 1e9 : e)
      }
    }
    return worst
  }
}
