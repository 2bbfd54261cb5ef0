import KernelCore
import KernelsAVX2
import KernelsAVX512
import KernelsPortable

/// The kernels of compressed weights of all instruction sets, best first.
package let compressedKernels: [CompressedKernel] = {
  var table: [CompressedKernel] = []
  #if arch(x86_64)
  table += [
    CompressedKernel(
      name: "compressed_4x64_avx512", requires: .avx512, lanes: 16, run: compressed_avx512, expand: expandCompressed_avx512),
    CompressedKernel(name: "compressed_4x16_avx2", requires: .avx2, lanes: 8, run: compressed_avx2, expand: expandCompressed_avx2),
  ]
  #endif
  table.append(
    CompressedKernel(name: "compressed_4x8_portable", requires: [], lanes: 4, run: compressed_portable, expand: expandCompressed_portable))
  return table
}()
