// swift-tools-version: 6.2
import PackageDescription

/// Each function in a section of its own, and none kept for its visibility alone, lets the linker leave out what nothing calls
/// and fold what is identical.
let collectable = ["-Xfrontend", "-function-sections", "-Xfrontend", "-internalize-at-link"]

/// Without the unroll threshold, loops over `InlineArray` accumulators stay loops and the accumulators live on the stack.
/// Without the whole module in view, as in a debug build, a file's kernels call the vector type of another file indirectly.
let kernelFlags =
  [
    "-Ounchecked", "-Xllvm", "-unroll-threshold=1000",
    "-whole-module-optimization", "-disable-batch-mode", "-num-threads", "1",
    // For prefetch instructions.
    "-Xfrontend", "-enable-builtin-module",
  ] + collectable

/// The settings of a kernel target whose code may use these instruction set extensions, and whose processors the compiler is to take for
/// ones with this tuning.
func kernelSettings(_ features: [String] = [], tuning: [String] = []) -> [SwiftSetting] {
  let extensions = features.map { "-m" + $0 } + tuning.flatMap { ["-Xclang", "-target-feature", "-Xclang", "+" + $0] }
  return [.unsafeFlags(kernelFlags + extensions.flatMap { ["-Xcc", $0] })]
}

/// Code that is not in a hot loop: a release is built small.
let sizeSettings: [SwiftSetting] = [
  .unsafeFlags(["-Osize"] + collectable, .when(configuration: .release))
]

/// Keeps the executable small. At a fixed address it needs no table of relocations, and it never unwinds its stack.
let linkerSettings: [LinkerSetting] = [
  .unsafeFlags(
    ["-use-ld=lld", "-Xclang-linker", "-no-pie"]
      + [
        "--icf=all", "--no-export-dynamic", "-O2", "--no-eh-frame-hdr", "-T",
        "\(Context.packageDirectory)/Sources/ovrun/left-out.ld",
      ]
      .flatMap { ["-Xlinker", $0] },
    .when(platforms: [.linux], configuration: .release))
]

/// The C library's functions that a test's program counts the calls of, each to be its own.
let countedFunctions = ["malloc", "calloc", "realloc", "memalign", "aligned_alloc", "posix_memalign"].flatMap {
  ["-Xlinker", "--defsym=\($0)=counted_\($0)"]
}

let avx2 = ["avx2", "fma", "f16c"]
let avx512 = avx2 + ["avx512f", "avx512bw", "avx512vl", "avx512dq", "avx512vnni"]

let package = Package(
  name: "ovrun",
  products: [
    .library(name: "OVRuntime", targets: ["OVRuntime"]),
    .library(name: "IRParser", targets: ["IRParser"]),
    .library(name: "Quantize", targets: ["Quantize"]),
    .executable(name: "ovrun", targets: ["ovrun"]),
  ],
  targets: [
    .target(name: "IRParser", swiftSettings: sizeSettings),
    .target(name: "KernelCore", path: "Sources/Kernels/Core", swiftSettings: kernelSettings()),
    .target(name: "KernelsPortable", dependencies: ["KernelCore"], path: "Sources/Kernels/Portable", swiftSettings: kernelSettings()),
    .target(name: "KernelsAVX2", dependencies: ["KernelCore"], path: "Sources/Kernels/AVX2", swiftSettings: kernelSettings(avx2)),
    // Without the tuning, the compiler makes two instructions of a dot product of 16-bit integers.
    .target(
      name: "KernelsAVX512", dependencies: ["KernelCore"], path: "Sources/Kernels/AVX512",
      swiftSettings: kernelSettings(avx512, tuning: ["fast-dpwssd"])),
    .target(
      name: "Kernels", dependencies: ["KernelCore", "KernelsPortable", "KernelsAVX2", "KernelsAVX512"],
      path: "Sources/Kernels/Dispatch", swiftSettings: kernelSettings(["xsave"])),
    .target(
      name: "OVRuntime", dependencies: ["IRParser", "KernelCore", "Kernels"], path: "Sources/Runtime",
      swiftSettings: sizeSettings),
    .target(name: "Quantize", dependencies: ["OVRuntime"], swiftSettings: sizeSettings),
    .executableTarget(
      name: "ovrun", dependencies: ["OVRuntime", "Quantize", "Kernels"], exclude: ["left-out.ld"], swiftSettings: sizeSettings,
      linkerSettings: linkerSettings),
    .executableTarget(name: "kernelbench", dependencies: ["KernelCore", "Kernels"], path: "Benchmarks/kernelbench"),
    .testTarget(name: "IRParserTests", dependencies: ["IRParser"]),
    // The references go through millions of values.
    .testTarget(name: "KernelsTests", dependencies: ["Kernels"], swiftSettings: [.unsafeFlags(["-O"])]),
    .testTarget(name: "QuantizeTests", dependencies: ["Quantize"]),
    .testTarget(name: "OvrunTests", dependencies: ["ovrun", "OVRuntime", "Kernels"]),
    .testTarget(name: "RuntimeTests", dependencies: ["OVRuntime"]),
    // Optimised, so that what it counts with is initialised before the first allocation.
    .executableTarget(
      name: "allocationcount", dependencies: ["OVRuntime"], path: "Tests/allocationcount", swiftSettings: [.unsafeFlags(["-O"])],
      linkerSettings: [.unsafeFlags(countedFunctions, .when(platforms: [.linux]))]),
  ])
