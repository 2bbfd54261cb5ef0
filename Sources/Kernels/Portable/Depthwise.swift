import KernelCore

package func depthwise_f32_3x3s1_portable(_ rows: UnsafePointer<DepthwiseRows>) {
  computeDepthwise(F32x4.self, InlineArray<3, Void>.self, InlineArray<1, Void>.self, rows)
}

package func depthwise_f32_3x3s2_portable(_ rows: UnsafePointer<DepthwiseRows>) {
  computeDepthwise(F32x4.self, InlineArray<3, Void>.self, InlineArray<2, Void>.self, rows)
}

package func depthwise_f32_5x5s1_portable(_ rows: UnsafePointer<DepthwiseRows>) {
  computeDepthwise(F32x4.self, InlineArray<5, Void>.self, InlineArray<1, Void>.self, rows)
}

package func depthwise_f32_5x5s2_portable(_ rows: UnsafePointer<DepthwiseRows>) {
  computeDepthwise(F32x4.self, InlineArray<5, Void>.self, InlineArray<2, Void>.self, rows)
}

package func depthwise_f32_portable(_ rows: UnsafePointer<DepthwiseRows>) {
  computeDepthwise(F32x4.self, rows)
}
