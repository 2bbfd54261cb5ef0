import OVRuntime

/// A bar with the time left on the terminal's last line; nothing when standard error is no terminal.
struct ProgressBar {
  private var label = ""
  private var start: UInt64 = 0
  private var lastShown: UInt64 = 0

  /// Shows that `completed` of `total` are done of what `label` says.
  mutating func show(_ label: String, _ completed: Int, of total: Int?) {
    let now = monotonicNanoseconds()
    if label != self.label {
      self.label = label
      // The first one is over when this is called.
      start = now
    } else if now - lastShown < 100_000_000, completed != total {
      return
    }
    lastShown = now
    Console.showProgress(ProgressBar.line(label, completed, of: total, seconds: Double(now - start) / 1e9))
  }

  /// Clears the line.
  func finish() { Console.showProgress("") }

  /// The line when the steps behind the first took `seconds`.
  static func line(_ label: String, _ completed: Int, of total: Int?, seconds: Double) -> String {
    guard let total, total > 0 else { return "\(label): \(completed)" }
    let width = 24
    let filled = min(width, width * completed / total)
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
    var text = "\(label) \(bar) \(completed) of \(total)"
    if completed > 1 && completed < total {
      text += ", \(duration(seconds / Double(completed - 1) * Double(total - completed))) left"
    }
    return text
  }

  private static func duration(_ seconds: Double) -> String {
    if seconds < 60 { return "\(Int(seconds.rounded(.up))) s" }
    let minutes = Int(seconds / 60)
    return minutes < 60 ? "\(minutes) min \(Int(seconds) % 60) s" : "\(minutes / 60) h \(minutes % 60) min"
  }
}
