/// What limits how fast a kernel can be.
enum Bound {
  /// Reading and writing memory: measured against a copy.
  case memory
  /// So many divisions of 64-bit integers: measured against the same in the nearest cache.
  case divider(Int)
}

/// Compares what memory or the divider binds with what the machine can do.
struct BoundCheck {
  /// Percent of the bound that the picked kernels have to reach.
  static let share = 70.0

  private var reports: [Report] = []

  mutating func add(_ report: Report) {
    if report.benchmark.bound != nil && report.benchmark.isPick { reports.append(report) }
  }

  /// The picks that are below the share.
  var slow: [Report] { reports.filter { $0.ofBound! < BoundCheck.share } }

  /// A line for each slow pick, how many there are, and a line for each that the divider binds.
  var summary: String {
    let share = decimal(BoundCheck.share, 0)
    func line(_ report: Report) -> String {
      "\(report.benchmark.kernel) at \(report.benchmark.shape): \(decimal(report.ofBound!, 0)) % of \(report.benchmark.bound!.name)"
    }
    let divided = reports.filter { if case .divider? = $0.benchmark.bound { true } else { false } }
    let lines = slow.map { "below its bound: " + line($0) } + divided.map { "bound by the divider: " + line($0) }
    return (lines + ["at \(share) % or more of a copy or the divider: \(reports.count - slow.count) of \(reports.count)"])
      .joined(separator: "\n")
  }
}

extension Bound {
  fileprivate var name: String {
    switch self {
    case .memory: "a copy"
    case .divider: "the divider"
    }
  }
}
