import KernelCore
import KernelsAVX2
import KernelsPortable

/// The kernels of strided copies, best first for each pattern and element size.
package enum CopyKernels {
  package static let table: [CopyKernel] = rows(UInt8.self) + rows(UInt16.self) + rows32 + rows(UInt64.self)

  /// The best kernel of a plan for a machine with `features`.
  package static func function(for plan: CopyPlan, features: CPUFeatures = .current) -> CopyKernel {
    table.filter { $0.pattern == plan.pattern && $0.elementSize == plan.elementSize }.supported(by: features)[0]
  }

  private static func rows<T: BitwiseCopyable>(_: T.Type, transpose: [CopyKernel]? = nil) -> [CopyKernel] {
    let size = MemoryLayout<T>.size
    func row(_ pattern: CopyPattern, _ run: @escaping CopyFunction) -> CopyKernel {
      CopyKernel(name: "copy_x\(8 * size)_\(pattern.rawValue)_portable", requires: [], pattern: pattern, elementSize: size, run: run)
    }
    return [row(.rows, copyRows(size))] + (transpose ?? [row(.transpose, transposeFunction(ScalarTile<T>.self))])
      + [row(.strided, copyStrided(T.self))]
  }

  private static var rows32: [CopyKernel] {
    var transpose: [CopyKernel] = []
    #if arch(x86_64)
    transpose.append(
      CopyKernel(
        name: "copy_x32_transpose_8x8_avx2", requires: .avx2, pattern: .transpose, elementSize: 4, run: transpose_x32_8x8_avx2))
    #endif
    transpose.append(
      CopyKernel(
        name: "copy_x32_transpose_4x4_portable", requires: [], pattern: .transpose, elementSize: 4, run: transpose_x32_4x4_portable))
    return rows(UInt32.self, transpose: transpose)
  }
}
