import OVRuntime

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The most physical memory that the process has held so far, in bytes.
func peakResidentByteCount() -> Int {
  var usage = rusage()
  #if canImport(Glibc)
  getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
  #else
  getrusage(RUSAGE_SELF, &usage)
  #endif
  #if canImport(Darwin)
  return usage.ru_maxrss
  #else
  return usage.ru_maxrss * 1024
  #endif
}

/// The physical memory that the process holds now, in bytes; where the system does not tell, the most it has held.
func residentByteCount() -> Int {
  guard let text = try? FileSystem.text(of: "/proc/self/statm") else { return peakResidentByteCount() }
  let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) }
  return pages.map { $0 * Int(sysconf(Int32(_SC_PAGESIZE))) } ?? peakResidentByteCount()
}
