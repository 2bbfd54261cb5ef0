#if arch(x86_64)
import KernelCore

package func depthwise_f32_3x3s1_avx2(_ rows: UnsafePointer<DepthwiseRows>) {
  computeDepthwise(SingleChannels<F32x8>.self, DepthwiseTile<3, 1, 4, 1, 1>.self, rows)
}

package func depthwise_f32_3x3s1_repeat_avx2(_ rows: UnsafePointer<DepthwiseRows>) {
  computeDepthwise(RepeatedChannels<F32x8>.self, DepthwiseTile<3, 1, 4, 0, 0>.self, rows)
}

package func depthwise_f32_3x3s2_avx2(_ rows: UnsafePointer<DepthwiseRows>) {
  computeDepthwise(SingleChannels<F32x8>.self, DepthwiseTile<3, 2, 4, 1, 0>.self, rows)
}

package func depthwise_f32_5x5s1_avx2(_ rows: UnsafePointer<DepthwiseRows>) {
  // Ten sums, five taps and a value fill the registers; eight sums wait for each other, but fit narrow images better.
  let width = rows.pointee.outputWidth
  if 10 &* ((width &+ 4) / 5) <= 9 &* ((width &+ 3) / 4) {
    computeDepthwise(SingleChannels<F32x8>.self, DepthwiseTile<5, 1, 5, 2, 2>.self, rows)
  } else {
    computeDepthwise(SingleChannels<F32x8>.self, DepthwiseTile<5, 1, 4, 2, 2>.self, rows)
  }
}

package func depthwise_f32_5x5s2_avx2(_ rows: UnsafePointer<DepthwiseRows>) {
  computeDepthwise(SingleChannels<F32x8>.self, DepthwiseTile<5, 2, 4, 2, 1>.self, rows)
}

package func depthwise_f32_avx2(_ rows: UnsafePointer<DepthwiseRows>) {
  computeDepthwise(F32x8.self, rows)
}
#endif
