#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// How often a thread that waits looks before it does something else: about as long as a short step takes.
let spinLimit = 20_000

/// Waits for another thread: looks for a while, then gives the processor away between looks.
@inline(__always) func spin(until condition: () -> Bool) {
  var spins = 0
  while !condition() {
    spins += 1
    if spins > spinLimit { sched_yield() }
  }
}
