import KernelCore
import KernelsAVX2
import KernelsAVX512
import KernelsPortable

/// The dot product of 8-bit integers of all instruction sets, widest first.
package let integerPeakKernels: [IntegerPeakKernel] = {
  var table: [IntegerPeakKernel] = []
  #if arch(x86_64)
  table += [
    IntegerPeakKernel(
      name: "peak_u8i8x64_avx512vnni", requires: [.avx512, .avx512VNNI], lanes: 16, run: peak_u8i8x64_avx512vnni),
    IntegerPeakKernel(name: "peak_u8i8x32_avx2", requires: .avx2, lanes: 8, run: peak_u8i8x32_avx2),
  ]
  #endif
  table.append(IntegerPeakKernel(name: "peak_u8i8x16_portable", requires: [], lanes: 4, run: peak_u8i8x16_portable))
  return table
}()
