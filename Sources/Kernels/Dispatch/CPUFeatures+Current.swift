import KernelCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif
#if arch(x86_64)
import _Builtin_intrinsics.intel
#endif

extension CPUFeatures {
  /// What this process may use: the machine's features, lowered by the environment variable `OVRUN_ISA`
  /// (`portable`, `avx2` or `avx512`; it never adds what the machine lacks, and other values are ignored). Read once.
  package static let current = machine.intersection(ceiling(getenv("OVRUN_ISA").map { String(cString: $0) }))

  /// The features that a value of `OVRUN_ISA` leaves.
  package static func ceiling(_ name: String?) -> CPUFeatures {
    switch name {
    case "portable": []
    case "avx2": .avx2
    default: .all
    }
  }

  /// What the processor has and the operating system saves at a context switch.
  private static var machine: CPUFeatures {
    #if arch(x86_64)
    let one = cpuid(1, 0)
    let seven = cpuid(7, 0)
    func has(_ word: UInt32, _ bits: Int...) -> Bool { bits.allSatisfy { word >> $0 & 1 == 1 } }

    var features: CPUFeatures = []
    // OSXSAVE first: without it the instructions that tell the system's part fault.
    guard has(one.c, 27) else { return features }
    let saved = savedState()
    // FMA, AVX and F16C; AVX2; xmm and ymm.
    guard has(one.c, 12, 28, 29), has(seven.b, 5), saved & 0b110 == 0b110 else { return features }
    features.insert(.avx2)
    // F, DQ, BW and VL; opmask and both parts of zmm.
    guard has(seven.b, 16, 17, 30, 31), saved & 0b1110_0000 == 0b1110_0000 else { return features }
    features.insert(.avx512)
    if has(seven.c, 11) { features.insert(.avx512VNNI) }
    return features
    #else
    return []
    #endif
  }

  #if arch(x86_64)
  /// The vector state components that the system has enabled, as bits of XCR0.
  ///
  /// XGETBV, which reads that register, is a macro in the compiler's header and so out of reach. XSAVE tells the same: in the
  /// bitmap of its header it writes the bit of every enabled component (1 where the component is in use, 0 where it is not),
  /// and leaves the other bits as they were. A component is enabled if its bit comes out 1 from 0 or 0 from 1.
  private static func savedState() -> UInt64 {
    let components: UInt64 = 0b1110_0110
    let headerOffset = 512
    let area = UnsafeMutableRawPointer.allocate(byteCount: max(Int(cpuid(13, 0).c), 4096), alignment: 64)
    defer { area.deallocate() }
    area.initializeMemory(as: UInt8.self, repeating: 0, count: headerOffset + 64)
    _xsave64(area, components)
    let inUse = area.load(fromByteOffset: headerOffset, as: UInt64.self)
    area.storeBytes(of: components, toByteOffset: headerOffset, as: UInt64.self)
    _xsave64(area, components)
    let idle = ~area.load(fromByteOffset: headerOffset, as: UInt64.self)
    return (inUse | idle) & components
  }
  #endif
}
