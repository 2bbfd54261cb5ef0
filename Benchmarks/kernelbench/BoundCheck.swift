/// What a run of a kernel needs of the machine at least.
struct Demand {
  /// Bytes that have to be read and written once.
  var bytes = 0.0
  /// Multiplications and additions.
  var operations = 0.0
  /// The operations are of 8-bit integers.
  var isInteger = false
  /// Instructions on registers of floats, each times the elements.
  var instructions = 0.0
  /// What a divider does for them, and for other elements than floats.
  var divisions: [DividerOperation: Double] = [:]
}

/// What occupies the unit that divides and takes roots.
enum DividerOperation: CaseIterable {
  case float, double, int64, squareRoot
}

/// What limits how fast a kernel can be.
enum Resource: CaseIterable {
  /// Multiply-additions, or dot products of 8-bit integers.
  case arithmetic
  /// Reading and writing memory, as a copy does.
  case memory
  /// The unit that divides and takes roots.
  case divider
}

extension Machine {
  /// The shortest that a demand can take, and what takes it.
  func bound(_ demand: Demand) -> (resource: Resource, seconds: Double) {
    let seconds: [(Resource, Double)] = [
      // An instruction takes the place of a multiply-addition, which is two operations.
      (.arithmetic, max(demand.operations / (demand.isInteger ? integerPeak : peak), 2 * demand.instructions / peak)),
      (.memory, demand.bytes / copyBandwidth),
      (.divider, demand.divisions.reduce(0) { $0 + $1.value / divisions[$1.key]! }),
    ]
    return seconds.max { $0.1 < $1.1 }!
  }
}

/// Compares the picked kernels with what the machine can do.
struct BoundCheck {
  private var reports: [Report] = []

  mutating func add(_ report: Report) {
    if report.benchmark.share != nil && report.benchmark.isPick { reports.append(report) }
  }

  /// The picks that are below their share of the bound.
  var slow: [Report] { reports.filter { $0.ofBound < $0.benchmark.share! } }

  /// A line for each slow pick, and how many there are by share and by what binds them.
  var summary: String {
    let lines = slow.map { report in
      "below \(decimal(report.benchmark.share!, 0)) % of its bound: \(report.benchmark.kernel) at \(report.benchmark.shape): "
        + "\(decimal(report.ofBound, 0)) % of \(report.bound.resource)"
    }
    let counts = Set(reports.map { $0.benchmark.share! }).sorted().map { share in
      let held = reports.filter { $0.benchmark.share == share }
      let bounds = Resource.allCases.compactMap { resource in
        let count = held.filter { $0.bound.resource == resource }.count
        return count == 0 ? nil : "\(count) by \(resource)"
      }
      return "at \(decimal(share, 0)) % or more of their bound: \(held.filter { $0.ofBound >= share }.count) of \(held.count), "
        + "bound " + bounds.joined(separator: ", ")
    }
    return (lines + counts).joined(separator: "\n")
  }
}
