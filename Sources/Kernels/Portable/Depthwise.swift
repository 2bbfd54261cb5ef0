import KernelCore

package func depthwise_f32_3x3s1_portable(_ row: UnsafePointer<DepthwiseRow>) {
  computeDepthwiseRow(F32x4.self, InlineArray<3, Void>.self, InlineArray<1, Void>.self, row)
}

package func depthwise_f32_3x3s2_portable(_ row: UnsafePointer<DepthwiseRow>) {
  computeDepthwiseRow(F32x4.self, InlineArray<3, Void>.self, InlineArray<2, Void>.self, row)
}

package func depthwise_f32_5x5s1_portable(_ row: UnsafePointer<DepthwiseRow>) {
  computeDepthwiseRow(F32x4.self, InlineArray<5, Void>.self, InlineArray<1, Void>.self, row)
}

package func depthwise_f32_5x5s2_portable(_ row: UnsafePointer<DepthwiseRow>) {
  computeDepthwiseRow(F32x4.self, InlineArray<5, Void>.self, InlineArray<2, Void>.self, row)
}

package func depthwise_f32_portable(_ row: UnsafePointer<DepthwiseRow>) {
  computeDepthwiseRow(F32x4.self, InlineArray<0, Void>.self, InlineArray<0, Void>.self, row)
}
