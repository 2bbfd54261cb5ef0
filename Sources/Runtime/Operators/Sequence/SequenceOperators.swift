let sequenceOperators: [OperatorRegistry.Entry] = [
  .init("RNNCell", [1]) { try RecurrentCell($0, .rnn) },
  .init("GRUCell", [3]) { try RecurrentCell($0, .gru) },
  .init("LSTMCell", [1, 4]) { try RecurrentCell($0, .lstm) },
  .init("RNNSequence", [5]) { try RecurrentSequence($0, .rnn) },
  .init("GRUSequence", [5]) { try RecurrentSequence($0, .gru) },
  .init("LSTMSequence", [5]) { try RecurrentSequence($0, .lstm) },
  .init("CTCLoss", [4], CTCLoss.init),
  .init("CTCGreedyDecoder", [1], CTCGreedyDecoder.init(masked:)),
  .init("CTCGreedyDecoderSeqLen", [6], CTCGreedyDecoder.init(lengths:)),
]
