extension Command {
  /// The command's help, made from its table of options.
  var helpText: String {
    var text = "usage: ovrun \(name)\(operand.isEmpty ? "" : " " + operand) [options]\n\n\(summary).\n\noptions:\n"
    text += aligned(allOptions.map { option in (option.name + (option.value.map { " " + $0 } ?? ""), option.help) })
    for note in notes { text += "\n" + wrapped(note, width: helpWidth, indent: "") }
    return text
  }
}

/// The tool's help: its commands.
func overviewHelpText(_ commands: [Command]) -> String {
  var text = "usage: ovrun COMMAND …\n\nRuns neural networks in OpenVINO's IR format on the CPU.\n\ncommands:\n"
  text += aligned(commands.map { ($0.name, $0.summary) })
  text += "\n'ovrun help COMMAND' describes a command, 'ovrun --version' names the version.\n"
  return text
}

private let helpWidth = 100

/// Two columns; a long left entry has a line of its own.
private func aligned(_ rows: [(String, String)]) -> String {
  let width = rows.map(\.0.count).filter { $0 <= 30 }.max() ?? 0
  let indent = String(repeating: " ", count: width + 4)
  return rows.map { left, right in
    let description = wrapped(right, width: helpWidth, indent: indent)
    if left.count > width { return "  \(left)\n\(description)" }
    return "  " + left + description.dropFirst(left.count + 2)
  }.joined()
}

/// Lines of whole words, each behind `indent`, with line ends.
private func wrapped(_ text: String, width: Int, indent: String) -> String {
  var lines: [String] = []
  var line = indent
  for word in text.split(separator: " ") {
    if line.count > indent.count && line.count + 1 + word.count > width {
      lines.append(line)
      line = indent
    }
    line += (line.count > indent.count ? " " : "") + word
  }
  return (lines + [line]).joined(separator: "\n") + "\n"
}
