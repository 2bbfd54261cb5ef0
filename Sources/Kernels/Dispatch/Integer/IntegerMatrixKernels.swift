import KernelCore
import KernelsAVX2
import KernelsAVX512
import KernelsPortable

/// The integer matrix kernels of all instruction sets, best first.
package let integerMatrixKernels: [IntegerMatrixKernel] = {
  var table: [IntegerMatrixKernel] = []
  #if arch(x86_64)
  table += [
    IntegerMatrixKernel(
      name: "u8i8_6x64_avx512vnni", requires: [.avx512, .avx512VNNI], lanes: 16, tileRows: 6, run: matrix_u8i8_6x64_avx512vnni),
    IntegerMatrixKernel(
      name: "u8i8_4x16_avx2", requires: .avx2, lanes: 8, tileRows: 4, prefersSmallValues: true, run: matrix_u8i8_4x16_avx2),
  ]
  #endif
  table.append(IntegerMatrixKernel(name: "u8i8_2x8_portable", requires: [], lanes: 4, tileRows: 2, run: matrix_u8i8_2x8_portable))
  return table
}()

/// Winograd's transforms and products in integers, of instruction sets that multiply pairs of 16-bit integers nearly as fast as bytes.
package let integerWinogradKernels: [IntegerWinogradKernel] = {
  var table: [IntegerWinogradKernel] = []
  #if arch(x86_64)
  table += [
    IntegerWinogradKernel(
      name: "winograd4x4_u8i8_avx2", requires: .avx2, lanes: 8, output: 4, transformInput: winograd4x4Input_u8i8_avx2,
      multiply: matrix_i16_4x16_avx2, transformOutput: winograd4x4Output_u8i8_avx2),
    IntegerWinogradKernel(
      name: "winograd2x2_u8i8_avx2", requires: .avx2, lanes: 8, output: 2, transformInput: winograd2x2Input_u8i8_avx2,
      multiply: matrix_i16_4x16_avx2, transformOutput: winograd2x2Output_u8i8_avx2),
  ]
  #endif
  table += [
    IntegerWinogradKernel(
      name: "winograd4x4_u8i8_portable", requires: [], lanes: 4, output: 4, transformInput: winograd4x4Input_u8i8_portable,
      multiply: matrix_i16_4x8_portable, transformOutput: winograd4x4Output_u8i8_portable),
    IntegerWinogradKernel(
      name: "winograd2x2_u8i8_portable", requires: [], lanes: 4, output: 2, transformInput: winograd2x2Input_u8i8_portable,
      multiply: matrix_i16_4x8_portable, transformOutput: winograd2x2Output_u8i8_portable),
  ]
  return table
}()

/// The integer depthwise kernels of all instruction sets, best first: wider registers before narrower, special before general.
package let integerDepthwiseKernels: [IntegerDepthwiseKernel] = {
  func rows(
    _ target: String, _ requires: CPUFeatures, _ lanes: Int, _ functions: [IntegerDepthwiseFunction]
  ) -> [IntegerDepthwiseKernel] {
    let special = [(3, 1), (3, 2), (5, 1), (5, 2)]
    return functions.enumerated().map { index, function in
      guard index < special.count else {
        return IntegerDepthwiseKernel(
          name: "depthwise_i8_\(target)", requires: requires, lanes: lanes, kernelWidth: nil, stride: nil, rows: 1,
          run: function)
      }
      let (width, stride) = special[index]
      return IntegerDepthwiseKernel(
        name: "depthwise_i8_\(width)x\(width)s\(stride)_\(target)", requires: requires, lanes: lanes, kernelWidth: width,
        stride: stride, rows: stride == 1 ? 2 : 1, run: function)
    }
  }
  var table: [IntegerDepthwiseKernel] = []
  #if arch(x86_64)
  table += rows(
    "avx512vnni", [.avx512, .avx512VNNI], 16,
    [
      depthwise_i8_3x3s1_avx512vnni, depthwise_i8_3x3s2_avx512vnni, depthwise_i8_5x5s1_avx512vnni, depthwise_i8_5x5s2_avx512vnni,
      depthwise_i8_avx512vnni,
    ])
  table += rows(
    "avx2", .avx2, 8,
    [depthwise_i8_3x3s1_avx2, depthwise_i8_3x3s2_avx2, depthwise_i8_5x5s1_avx2, depthwise_i8_5x5s2_avx2, depthwise_i8_avx2])
  #endif
  table += rows(
    "portable", [], 4,
    [
      depthwise_i8_3x3s1_portable, depthwise_i8_3x3s2_portable, depthwise_i8_5x5s1_portable, depthwise_i8_5x5s2_portable,
      depthwise_i8_portable,
    ])
  return table
}()
