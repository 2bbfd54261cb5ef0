import KernelCore
import KernelsAVX2
import KernelsAVX512
import KernelsPortable

/// The Winograd transforms of all instruction sets, best first.
package let winogradKernels: [WinogradKernel] = {
  var table: [WinogradKernel] = []
  #if arch(x86_64)
  table += [
    WinogradKernel(
      name: "winograd4x4_f32_avx512", requires: .avx512, lanes: 16, output: 4, transformWeights: winograd4x4Weights_f32_avx512,
      transformInput: winograd4x4Input_f32_avx512,
      transformOutput: winograd4x4Output_f32_avx512),
    WinogradKernel(
      name: "winograd2x2_f32_avx512", requires: .avx512, lanes: 16, output: 2, transformWeights: winograd2x2Weights_f32_avx512,
      transformInput: winograd2x2Input_f32_avx512,
      transformOutput: winograd2x2Output_f32_avx512),
    WinogradKernel(
      name: "winograd4x4_f32_avx2", requires: .avx2, lanes: 8, output: 4, transformWeights: winograd4x4Weights_f32_avx2,
      transformInput: winograd4x4Input_f32_avx2,
      transformOutput: winograd4x4Output_f32_avx2),
    WinogradKernel(
      name: "winograd2x2_f32_avx2", requires: .avx2, lanes: 8, output: 2, transformWeights: winograd2x2Weights_f32_avx2,
      transformInput: winograd2x2Input_f32_avx2,
      transformOutput: winograd2x2Output_f32_avx2),
  ]
  #endif
  table += [
    WinogradKernel(
      name: "winograd4x4_f32_portable", requires: [], lanes: 4, output: 4, transformWeights: winograd4x4Weights_f32_portable,
      transformInput: winograd4x4Input_f32_portable,
      transformOutput: winograd4x4Output_f32_portable),
    WinogradKernel(
      name: "winograd2x2_f32_portable", requires: [], lanes: 4, output: 2, transformWeights: winograd2x2Weights_f32_portable,
      transformInput: winograd2x2Input_f32_portable,
      transformOutput: winograd2x2Output_f32_portable),
  ]
  return table
}()
