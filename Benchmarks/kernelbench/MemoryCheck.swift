/// Compares what is bound by memory with the copy bandwidth.
struct MemoryCheck {
  /// Percent of the copy bandwidth that the picked kernels have to reach.
  static let share = 70.0

  private var reports: [Report] = []

  mutating func add(_ report: Report) {
    if report.benchmark.isBoundByMemory && report.benchmark.isPick { reports.append(report) }
  }

  /// The picks that are below the share.
  var slow: [Report] { reports.filter { $0.ofCopy < MemoryCheck.share } }

  /// A line for each slow pick, and how many there are.
  var summary: String {
    let share = decimal(MemoryCheck.share, 0)
    let lines = slow.map { "below the memory line: \($0.benchmark.kernel) at \($0.benchmark.shape): \(decimal($0.ofCopy, 0)) % of a copy" }
    return (lines + ["bound by memory and at \(share) % of a copy or more: \(reports.count - slow.count) of \(reports.count)"])
      .joined(separator: "\n")
  }
}
