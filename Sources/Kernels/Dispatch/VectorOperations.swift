import KernelCore
import KernelsAVX2
import KernelsAVX512
import KernelsPortable

/// The vector types of all instruction sets, widest first.
package let vectorOperationKernels: [VectorOperationKernel] = {
  var table: [VectorOperationKernel] = []
  #if arch(x86_64)
  table += [
    VectorOperationKernel(name: "vector_f32x16_avx512", requires: .avx512, lanes: 16, run: vectorOperation_f32x16_avx512),
    VectorOperationKernel(name: "vector_f32x8_avx2", requires: .avx2, lanes: 8, run: vectorOperation_f32x8_avx2),
  ]
  #endif
  table.append(VectorOperationKernel(name: "vector_f32x4_portable", requires: [], lanes: 4, run: vectorOperation_f32x4_portable))
  return table
}()
