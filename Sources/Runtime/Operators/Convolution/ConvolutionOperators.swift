let convolutionOperators: [OperatorRegistry.Entry] = [
  .init("AdaptiveAvgPool", [8], AdaptivePool.init),
  .init("AdaptiveMaxPool", [8], AdaptivePool.init),
  .init("AvgPool", [1, 14, 16], AvgPool.init),
  .init("BinaryConvolution", [1], BinaryConvolution.init),
  .init("Convolution", [1], Convolution.init),
  .init("ConvolutionBackpropData", [1], ConvolutionBackpropData.init),
  .init("DeformableConvolution", [1, 8], DeformableConvolution.init),
  .init("GroupConvolution", [1], Convolution.init),
  .init("GroupConvolutionBackpropData", [1], ConvolutionBackpropData.init),
  .init("MaxPool", [1, 8, 14], MaxPool.init),
]
