import KernelCore
import KernelsAVX2
import KernelsAVX512
import KernelsPortable

/// The matrix kernels of all instruction sets, best first.
package let matrixKernels: [MatrixKernel] = {
  var table: [MatrixKernel] = []
  #if arch(x86_64)
  table += [
    MatrixKernel(
      name: "f32_6x64_avx512", requires: .avx512, lanes: 16, shape: matrixShape_f32_avx512(), run: matrix_f32_6x64_avx512),
    MatrixKernel(name: "f32_6x16_avx2", requires: .avx2, lanes: 8, shape: matrixShape_f32_avx2(), run: matrix_f32_6x16_avx2),
  ]
  #endif
  table.append(
    MatrixKernel(
      name: "f32_4x8_portable", requires: [], lanes: 4, shape: matrixShape_f32_portable(), run: matrix_f32_4x8_portable))
  return table
}()

extension [MatrixKernel] {
  /// The kernel of convolutions with `columns` output channels in a group: where a register of 16 floats would stay half empty, one of 8
  /// takes as few instructions, and no masks.
  package func best(for features: CPUFeatures, columns: Int) -> MatrixKernel {
    supported(by: features).first { columns > 8 || $0.lanes <= 8 }!
  }
}
