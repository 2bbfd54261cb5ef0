import KernelCore
import KernelsAVX2
import KernelsAVX512
import KernelsPortable

/// The depthwise kernels of all instruction sets, best first: wider registers before narrower, special before general.
package let depthwiseKernels: [DepthwiseKernel] = {
  var table: [DepthwiseKernel] = []
  #if arch(x86_64)
  table += [
    DepthwiseKernel(
      name: "depthwise_f32_3x3s1_repeat_avx512", requires: .avx512, lanes: 16, kernelWidth: 3, stride: 1, repeatsChannels: true,
      run: depthwise_f32_3x3s1_repeat_avx512),
    DepthwiseKernel(
      name: "depthwise_f32_3x3s1_avx512", requires: .avx512, lanes: 16, kernelWidth: 3, stride: 1, run: depthwise_f32_3x3s1_avx512),
    DepthwiseKernel(
      name: "depthwise_f32_3x3s2_avx512", requires: .avx512, lanes: 16, kernelWidth: 3, stride: 2, run: depthwise_f32_3x3s2_avx512),
    DepthwiseKernel(
      name: "depthwise_f32_5x5s1_avx512", requires: .avx512, lanes: 16, kernelWidth: 5, stride: 1, run: depthwise_f32_5x5s1_avx512),
    DepthwiseKernel(
      name: "depthwise_f32_5x5s2_avx512", requires: .avx512, lanes: 16, kernelWidth: 5, stride: 2, run: depthwise_f32_5x5s2_avx512),
    DepthwiseKernel(
      name: "depthwise_f32_avx512", requires: .avx512, lanes: 16, kernelWidth: nil, stride: nil, run: depthwise_f32_avx512),
    DepthwiseKernel(
      name: "depthwise_f32_3x3s1_repeat_avx2", requires: .avx2, lanes: 8, kernelWidth: 3, stride: 1, repeatsChannels: true,
      run: depthwise_f32_3x3s1_repeat_avx2),
    DepthwiseKernel(
      name: "depthwise_f32_3x3s1_avx2", requires: .avx2, lanes: 8, kernelWidth: 3, stride: 1, run: depthwise_f32_3x3s1_avx2),
    DepthwiseKernel(
      name: "depthwise_f32_3x3s2_avx2", requires: .avx2, lanes: 8, kernelWidth: 3, stride: 2, run: depthwise_f32_3x3s2_avx2),
    DepthwiseKernel(
      name: "depthwise_f32_5x5s1_avx2", requires: .avx2, lanes: 8, kernelWidth: 5, stride: 1, run: depthwise_f32_5x5s1_avx2),
    DepthwiseKernel(
      name: "depthwise_f32_5x5s2_avx2", requires: .avx2, lanes: 8, kernelWidth: 5, stride: 2, run: depthwise_f32_5x5s2_avx2),
    DepthwiseKernel(
      name: "depthwise_f32_avx2", requires: .avx2, lanes: 8, kernelWidth: nil, stride: nil, run: depthwise_f32_avx2),
  ]
  #endif
  table += [
    DepthwiseKernel(
      name: "depthwise_f32_3x3s1_portable", requires: [], lanes: 4, kernelWidth: 3, stride: 1, run: depthwise_f32_3x3s1_portable),
    DepthwiseKernel(
      name: "depthwise_f32_3x3s2_portable", requires: [], lanes: 4, kernelWidth: 3, stride: 2, run: depthwise_f32_3x3s2_portable),
    DepthwiseKernel(
      name: "depthwise_f32_5x5s1_portable", requires: [], lanes: 4, kernelWidth: 5, stride: 1, run: depthwise_f32_5x5s1_portable),
    DepthwiseKernel(
      name: "depthwise_f32_5x5s2_portable", requires: [], lanes: 4, kernelWidth: 5, stride: 2, run: depthwise_f32_5x5s2_portable),
    DepthwiseKernel(
      name: "depthwise_f32_portable", requires: [], lanes: 4, kernelWidth: nil, stride: nil, run: depthwise_f32_portable),
  ]
  return table
}()
