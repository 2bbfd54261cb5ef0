/// Compares what the dispatcher picks with the fastest kernel at each shape.
struct PickCheck {
  /// A pick may be this much slower than the fastest.
  static let tolerance = 1.05

  private var order: [String] = []
  private var reports: [String: [Report]] = [:]

  mutating func add(_ report: Report) {
    let shape = report.benchmark.shape
    if reports[shape] == nil { order.append(shape) }
    reports[shape, default: []].append(report)
  }

  /// Shapes with a choice among kernels.
  private var choices: [(pick: Report, fastest: Report)] {
    order.compactMap { shape in
      let candidates = reports[shape]!
      guard candidates.count > 1, let pick = candidates.first(where: \.benchmark.isPick),
        let fastest = candidates.min(by: { $0.timing.shortest < $1.timing.shortest }), candidates.filter(\.benchmark.isPick).count == 1
      else { return nil }
      return (pick, fastest)
    }
  }

  /// The picks that are slower than the fastest by more than the tolerance.
  var slow: [(pick: Report, fastest: Report)] {
    choices.filter { $0.pick.timing.shortest > $0.fastest.timing.shortest * PickCheck.tolerance }
  }

  /// A line for each slow pick, and how many there are.
  var summary: String {
    let lines = slow.map { pick, fastest in
      "slow pick: \(pick.benchmark.kernel) takes \(decimal(pick.timing.shortest / fastest.timing.shortest, 2)) of "
        + "\(fastest.benchmark.kernel) at \(pick.benchmark.shape)"
    }
    return (lines + ["picks within 5 % of the fastest: \(choices.count - slow.count) of \(choices.count)"]).joined(separator: "\n")
  }
}
