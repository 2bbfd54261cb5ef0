import KernelCore
import KernelsAVX2
import KernelsAVX512
import KernelsPortable

/// The multiply-addition of all instruction sets, widest first.
package let peakKernels: [PeakKernel] = {
  var table: [PeakKernel] = []
  #if arch(x86_64)
  table += [
    PeakKernel(name: "peak_f32x16_avx512", requires: .avx512, lanes: 16, run: peak_f32x16_avx512),
    PeakKernel(name: "peak_f32x8_avx2", requires: .avx2, lanes: 8, run: peak_f32x8_avx2),
  ]
  #endif
  table.append(PeakKernel(name: "peak_f32x4_portable", requires: [], lanes: 4, run: peak_f32x4_portable))
  return table
}()
