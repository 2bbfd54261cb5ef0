import KernelCore

package func depthwise_f32_3x3s1_portable(_ rows: UnsafePointer<DepthwiseRows>) {
  computeDepthwise(SingleChannels<F32x4>.self, DepthwiseTile<3, 1, 4, 0, 0>.self, rows)
}

package func depthwise_f32_3x3s2_portable(_ rows: UnsafePointer<DepthwiseRows>) {
  computeDepthwise(SingleChannels<F32x4>.self, DepthwiseTile<3, 2, 4, 0, 0>.self, rows)
}

package func depthwise_f32_5x5s1_portable(_ rows: UnsafePointer<DepthwiseRows>) {
  computeDepthwise(SingleChannels<F32x4>.self, DepthwiseTile<5, 1, 4, 0, 0>.self, rows)
}

package func depthwise_f32_5x5s2_portable(_ rows: UnsafePointer<DepthwiseRows>) {
  computeDepthwise(SingleChannels<F32x4>.self, DepthwiseTile<5, 2, 4, 0, 0>.self, rows)
}

package func depthwise_f32_portable(_ rows: UnsafePointer<DepthwiseRows>) {
  computeDepthwise(F32x4.self, rows)
}
