let signalOperators: [OperatorRegistry.Entry] = [
  .init("DFT", [7], DFT.init),
  .init("IDFT", [7], DFT.init),
  .init("IRDFT", [9], DFT.init),
  .init("ISTFT", [16], ISTFT.init),
  .init("RDFT", [9], DFT.init),
  .init("STFT", [15], STFT.init),
]
