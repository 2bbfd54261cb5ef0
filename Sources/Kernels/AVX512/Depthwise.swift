#if arch(x86_64)
import KernelCore

package func depthwise_f32_3x3s1_avx512(_ rows: UnsafePointer<DepthwiseRows>) {
  computeNearOrFar(DepthwiseTile<3, 1, 7, 1, 1>.self, rows)
}

package func depthwise_f32_3x3s1_repeat_avx512(_ rows: UnsafePointer<DepthwiseRows>) {
  computeDepthwise(RepeatedChannels<F32x16>.self, DepthwiseTile<3, 1, 4, 0, 0>.self, rows)
}

package func depthwise_f32_3x3s2_avx512(_ rows: UnsafePointer<DepthwiseRows>) {
  computeNearOrFar(DepthwiseTile<3, 2, 7, 1, 0>.self, rows)
}

package func depthwise_f32_5x5s1_avx512(_ rows: UnsafePointer<DepthwiseRows>) {
  computeDepthwise(SingleChannels<F32x16>.self, DepthwiseTile<5, 1, 7, 2, 2>.self, rows)
}

package func depthwise_f32_5x5s2_avx512(_ rows: UnsafePointer<DepthwiseRows>) {
  computeNearOrFar(DepthwiseTile<5, 2, 7, 2, 1>.self, rows)
}

package func depthwise_f32_avx512(_ rows: UnsafePointer<DepthwiseRows>) {
  computeDepthwise(F32x16.self, rows)
}

/// Seven pixels at a time fit the widths of images best. Where rows come from far, four wait for less; those images are large, and few of
/// their pixels lie at the edges.
@inline(__always)
private func computeNearOrFar<let Width: Int, let Stride: Int, let Before: Int, let After: Int>(
  _ tile: DepthwiseTile<Width, Stride, 7, Before, After>.Type, _ rows: UnsafePointer<DepthwiseRows>
) {
  if rows.pointee.isFar {
    computeDepthwise(SingleChannels<F32x16>.self, DepthwiseTile<Width, Stride, 4, 0, 0>.self, rows)
  } else {
    computeDepthwise(SingleChannels<F32x16>.self, tile, rows)
  }
}
#endif
