import KernelCore
import KernelsAVX2
import KernelsPortable

/// The kernels of strided copies, best first for each pattern and element size.
package enum CopyKernels {
  package static let table: [CopyKernel] = rows(UInt8.self) + rows(UInt16.self) + rows(UInt32.self) + rows(UInt64.self) + transposes

  /// The best kernel of a plan for a machine with `features`.
  package static func function(for plan: CopyPlan, features: CPUFeatures = .current) -> CopyKernel {
    function(plan.pattern, elementSize: plan.elementSize, shortSide: plan.shortSide, features: features)
  }

  /// The best kernel whose tiles leave at most a quarter of a plane over, or else least; `shortSide` is the plane's, in elements.
  package static func function(
    _ pattern: CopyPattern, elementSize: Int, shortSide: Int, features: CPUFeatures = .current
  ) -> CopyKernel {
    let rows = table.filter { $0.pattern == pattern && $0.elementSize == elementSize }.supported(by: features)
    func left(_ kernel: CopyKernel) -> Int { shortSide % kernel.side }
    return rows.first { 4 * left($0) <= shortSide } ?? rows.min { left($0) < left($1) }!
  }

  private static func rows<T: BitwiseCopyable>(_: T.Type) -> [CopyKernel] {
    let size = MemoryLayout<T>.size
    func row(_ pattern: CopyPattern, _ run: @escaping CopyFunction) -> CopyKernel {
      CopyKernel(name: "copy_x\(8 * size)_\(pattern.rawValue)_portable", requires: [], pattern: pattern, elementSize: size, run: run)
    }
    return [row(.rows, copyRows(size)), row(.strided, copyStrided(T.self))]
  }

  private static var transposes: [CopyKernel] {
    func row(_ name: String, _ requires: CPUFeatures, _ size: Int, _ side: Int, _ run: @escaping CopyFunction) -> CopyKernel {
      CopyKernel(name: "copy_\(name)", requires: requires, pattern: .transpose, elementSize: size, side: side, run: run)
    }
    var table: [CopyKernel] = []
    #if arch(x86_64)
    table.append(row("x32_transpose_8x8_avx2", .avx2, 4, 8, transpose_x32_8x8_avx2))
    #endif
    return table + [
      row("x8_transpose_16x16_portable", [], 1, 16, transpose_x8_16x16_portable),
      row("x16_transpose_8x8_portable", [], 2, 8, transpose_x16_8x8_portable),
      row("x32_transpose_4x4_portable", [], 4, 4, transpose_x32_4x4_portable),
      row("x64_transpose_2x2_portable", [], 8, 2, transpose_x64_2x2_portable),
    ]
  }
}
