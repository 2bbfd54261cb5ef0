#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Seconds on a clock that only goes forward.
func now() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// The text of a file, or nil where it cannot be read.
func readText(_ path: String) -> String? {
  guard let file = fopen(path, "r") else { return nil }
  defer { fclose(file) }
  var bytes: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = fread(&buffer, 1, buffer.count, file)
    if count == 0 { return String(decoding: bytes, as: UTF8.self) }
    bytes += buffer[..<count]
  }
}

/// The names in a folder, sorted; empty where it cannot be read.
func listFolder(_ path: String) -> [String] {
  guard let folder = opendir(path) else { return [] }
  defer { closedir(folder) }
  var names: [String] = []
  while let entry = readdir(folder) {
    names.append(
      withUnsafePointer(to: &entry.pointee.d_name) { name in
        name.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      })
  }
  return names.sorted()
}

/// Writes a message to the standard error and ends the process.
func fail(_ message: String, code: Int32) -> Never {
  let bytes = Array("kernelbench: \(message)\n".utf8)
  _ = write(STDERR_FILENO, bytes, bytes.count)
  exit(code)
}

/// `number` with `digits` decimals.
func decimal(_ number: Double, _ digits: Int) -> String {
  guard number.isFinite, number.magnitude < 1e15 else { return "-" }
  let scale = (0..<digits).reduce(1.0) { value, _ in value * 10 }
  let scaled = Int64((number.magnitude * scale).rounded())
  let sign = number < 0 && scaled > 0 ? "-" : ""
  let whole = String(scaled / Int64(scale))
  if digits == 0 { return sign + whole }
  let fraction = String(scaled % Int64(scale))
  return sign + whole + "." + String(repeating: "0", count: digits - fraction.count) + fraction
}

extension String {
  /// Filled with spaces to a width, on the right or on the left.
  func padded(_ width: Int, left: Bool = false) -> String {
    let space = String(repeating: " ", count: max(0, width - count))
    return left ? space + self : self + space
  }
}
