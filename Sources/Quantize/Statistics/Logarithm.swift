import OVRuntime

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The natural logarithm.
func logarithm(_ x: Double) -> Double { log(x) }

/// `x` to the power `y`.
func power(_ x: Double, _ y: Double) -> Double { pow(x, y) }
