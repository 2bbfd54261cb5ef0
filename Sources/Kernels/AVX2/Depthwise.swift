#if arch(x86_64)
import KernelCore

package func depthwise_f32_3x3s1_avx2(_ rows: UnsafePointer<DepthwiseRows>) {
  computeDepthwise(F32x8.self, InlineArray<3, Void>.self, InlineArray<1, Void>.self, rows)
}

package func depthwise_f32_3x3s2_avx2(_ rows: UnsafePointer<DepthwiseRows>) {
  computeDepthwise(F32x8.self, InlineArray<3, Void>.self, InlineArray<2, Void>.self, rows)
}

package func depthwise_f32_5x5s1_avx2(_ rows: UnsafePointer<DepthwiseRows>) {
  computeDepthwise(F32x8.self, InlineArray<5, Void>.self, InlineArray<1, Void>.self, rows)
}

package func depthwise_f32_5x5s2_avx2(_ rows: UnsafePointer<DepthwiseRows>) {
  computeDepthwise(F32x8.self, InlineArray<5, Void>.self, InlineArray<2, Void>.self, rows)
}

package func depthwise_f32_avx2(_ rows: UnsafePointer<DepthwiseRows>) {
  computeDepthwise(F32x8.self, rows)
}
#endif
