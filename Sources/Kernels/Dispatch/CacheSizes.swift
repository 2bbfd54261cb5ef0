#if arch(x86_64)
import _Builtin_intrinsics.intel
import _Builtin_intrinsics.intel.cpuid
#endif

/// Bytes of the caches of one processor, by which blocks are cut. How a product is cut does not change a bit of it.
struct CacheSizes: Sendable {
  /// The nearest cache, of data.
  var first: Int
  var second: Int

  /// Those of this machine, or usual ones where it does not tell. Read once.
  static let current = CacheSizes(first: bytes(level: 1) ?? 32 << 10, second: bytes(level: 2) ?? 512 << 10)

  /// The size of the cache of data at a level, from the processor's deterministic cache parameters: Intel's leaf 4, or AMD's of the same
  /// form.
  private static func bytes(level: UInt32) -> Int? {
    #if arch(x86_64)
    for leaf in [4, 0x8000_001d] as [UInt32] {
      for index in 0..<8 as Range<UInt32> {
        let cache = cpuid(leaf, index)
        // None follow; instructions only.
        if cache.a & 31 == 0 { break }
        if cache.a & 31 == 2 || cache.a >> 5 & 7 != level { continue }
        let ways = Int(cache.b >> 22 + 1)
        let partitions = Int(cache.b >> 12 & 1023 + 1)
        let lineBytes = Int(cache.b & 4095 + 1)
        let bytes = ways &* partitions &* lineBytes &* (Int(cache.c) &+ 1)
        if plausible.contains(bytes) { return bytes }
      }
    }
    #endif
    return nil
  }

  /// What a virtual machine may tell beyond this is not believed.
  private static let plausible = 16 << 10...8 << 20
}

#if arch(x86_64)
/// What the processor tells of itself; zeros where it has no such leaf.
func cpuid(_ leaf: UInt32, _ subleaf: UInt32) -> (a: UInt32, b: UInt32, c: UInt32, d: UInt32) {
  var a: UInt32 = 0
  var b: UInt32 = 0
  var c: UInt32 = 0
  var d: UInt32 = 0
  guard __get_cpuid_count(leaf, subleaf, &a, &b, &c, &d) != 0 else { return (0, 0, 0, 0) }
  return (a, b, c, d)
}
#endif
