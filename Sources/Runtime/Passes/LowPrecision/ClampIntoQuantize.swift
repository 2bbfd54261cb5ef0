/// Takes a Relu or Clamp in front of a Quantize into the range of its integers: rounding keeps the order of numbers, so it does not
/// matter which comes first.
struct ClampIntoQuantize {
  static let name = "FoldClampIntoQuantize"

  func run(on model: inout Model) throws -> PassReport {
    var report = PassReport(name: ClampIntoQuantize.name, details: [])
    for id in model.topologicalOrder where model[id].type == "Quantize" {
      while try fold(id, &model, &report) {}
    }
    model.removeUnreachable()
    return report
  }

  private func fold(_ id: NodeID, _ model: inout Model, _ report: inout PassReport) throws -> Bool {
    let (node, clamp) = (model[id], model.producer(of: id, 0))
    guard let range = try clampRange(clamp), model.onlyUser(of: node.inputs[0]) != nil,
      let multiplier = try model.constantValue(of: node.inputs[1]), let zeroPoint = try model.constantValue(of: node.inputs[2]),
      zeroPoint.elementCount == 1
    else { return false }
    let quantize = try Quantize(node)
    /// The integer that a bound rounds to, when it is the same for every multiplier.
    func integer(_ bound: Double) -> Int? {
      let integers = multiplier.doubles().map { multiplier in
        let exact = (bound * multiplier + zeroPoint.doubles()[0]).rounded(.toNearestOrEven)
        return Int(min(max(exact, Double(quantize.low)), Double(quantize.high)))
      }
      return Set(integers).count == 1 ? integers[0] : nil
    }
    guard let low = integer(range.lowerBound), let high = integer(range.upperBound) else { return false }
    model.update(id) {
      $0.attributes["low"] = "\(low)"
      $0.attributes["high"] = "\(high)"
      $0.fusedNames.append(clamp.name)
    }
    model.setInput(InputID(id, 0), to: clamp.inputs[0])
    report.details.append("\(clamp.name) (\(clamp.type)) into \(node.name)")
    return true
  }

  private func clampRange(_ node: Node) throws -> ClosedRange<Double>? {
    guard node.postOperations.isEmpty else { return nil }
    switch node.type {
    case "Relu": return 0...Double.infinity
    case "Clamp":
      let (low, high) = (try node.attributes.double("min"), try node.attributes.double("max"))
      return low <= high ? low...high : nil
    default: return nil
    }
  }
}
