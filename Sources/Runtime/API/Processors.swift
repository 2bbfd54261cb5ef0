#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The processors that this process may use: its CPU set, limited by the quota of its control group; at least 1.
package func availableProcessors() -> Int {
  var count = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
  #if os(Linux)
  if let allowed = allowedProcessors() { count = min(count, allowed) }
  if let quota = controlGroupQuota() { count = min(count, max(1, quota)) }
  #endif
  return count
}

/// The bytes of the machine's memory: no value that is larger can be held.
package let physicalMemoryByteCount: Int = {
  let (pages, size) = (Int(sysconf(Int32(_SC_PHYS_PAGES))), Int(sysconf(Int32(_SC_PAGESIZE))))
  return pages > 0 && size > 0 ? pages * size : 1 << 34
}()

#if os(Linux)
/// The size of the process's CPU set, as its status file lists it (`0-3,8`); `nil` when it cannot be read.
private func allowedProcessors() -> Int? {
  let label = "Cpus_allowed_list:"
  guard let status = text(ofFile: "/proc/self/status"),
    let line = status.split(separator: "\n").first(where: { $0.hasPrefix(label) })
  else { return nil }
  var count = 0
  for range in String(line.dropFirst(label.count)).trimmed.split(separator: ",") {
    let ends = range.split(separator: "-").compactMap { Int($0) }
    guard let first = ends.first, let last = ends.last, last >= first else { return nil }
    count += last - first + 1
  }
  return count > 0 ? count : nil
}

/// The processors' worth of time that the control group grants, rounded up; `nil` when there is no limit.
private func controlGroupQuota() -> Int? {
  // Version 2: "quota period" or "max period".
  if let text = text(ofFile: "/sys/fs/cgroup/cpu.max") {
    let words = text.trimmed.split(separator: " ")
    if words.count == 2, let quota = Int(words[0]), let period = Int(words[1]), period > 0 {
      return (quota + period - 1) / period
    }
    return nil
  }
  guard let quota = text(ofFile: "/sys/fs/cgroup/cpu/cpu.cfs_quota_us").flatMap({ Int($0.trimmed) }), quota > 0,
    let period = text(ofFile: "/sys/fs/cgroup/cpu/cpu.cfs_period_us").flatMap({ Int($0.trimmed) }), period > 0
  else { return nil }
  return (quota + period - 1) / period
}

/// The first 8 kB of a file as text; `nil` when it cannot be read.
private func text(ofFile path: String) -> String? {
  let file = open(path, O_RDONLY | O_CLOEXEC)
  guard file >= 0 else { return nil }
  defer { close(file) }
  var bytes = [UInt8](repeating: 0, count: 8192)
  let count = read(file, &bytes, bytes.count)
  return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
}
#endif
