import Foundation
import OVRuntime
import Testing

@Suite struct OperatorsSequenceTests {
  private static let lstm: Attributes = ["hidden_size": "2", "direction": "bidirectional"]

  @Test func sequenceTypesFollowWhatIsKnown() throws {
    let call = try OperatorCall("LSTMSequence", 5, Self.lstm, outputs: 3)
    func types(_ shapes: [String]) -> [ValueType] {
      shapes.enumerated().map { ValueType($0 == 3 ? .i64 : .f32, PartialShape(irText: $1)!) }
    }
    let known = try call.infer(types(["?,5,3", "4,2,2", "...", "?", "2,8,3", "2,8,2", "2,8"]))
    #expect(known.map(\.shape.irText) == ["4,2,5,2", "4,2,2", "4,2,2"])
    let unknown = try call.infer(types(["...", "...", "...", "...", "...", "...", "..."]))
    #expect(unknown.map(\.shape.irText) == ["?,2,?,2", "?,2,2", "?,2,2"])
    #expect(throws: OVError.self) { try call.infer(types(["?,5,3", "4,1,2", "...", "?", "2,8,3", "2,8,2", "2,8"])) }
    #expect(throws: OVError.self) { try call.infer(types(["?,5,3", "4,2,2", "...", "?", "2,8,4", "2,8,2", "2,8"])) }
    #expect(throws: OVError.self) { try call.infer(types(["?,5,3", "4,2,2"])) }
  }

  @Test(arguments: [
    ["hidden_size": "0"], ["hidden_size": "2", "activations": "sigmoid,tanh"], ["hidden_size": "2", "activations": "elu,tanh,tanh"],
    ["hidden_size": "2", "clip": "-1"], ["hidden_size": "2", "direction": "backward"], [:],
  ])
  func recurrentAttributesAreChecked(attributes: [String: String]) throws {
    var list = Attributes()
    for (name, value) in attributes { list[name] = value }
    #expect(throws: OVError.self) { try OperatorCall("LSTMSequence", 5, list) }
  }

  /// A backward RNN whose state sums up its inputs: it begins at the last step within the length.
  @Test func lengthsBoundBothDirections() throws {
    let call = try OperatorCall(
      "RNNSequence", 5, ["hidden_size": "1", "direction": "bidirectional", "activations": "relu"], outputs: 2)
    let ones = Tensor([Float](repeating: 1, count: 2), shape: [2, 1, 1])
    let outputs = try call(
      Tensor([1, 2, 4, 8, 16, 32] as [Float], shape: [2, 3, 1]), Tensor([Float](repeating: 0, count: 4), shape: [2, 2, 1]),
      .indices(2, 3), ones, ones, Tensor([0, 0] as [Float], shape: [2, 1]))
    #expect(outputs[0].array(of: Float.self) == [1, 3, 0, 3, 2, 0, 8, 24, 56, 56, 48, 32])
    #expect(outputs[1].array(of: Float.self) == [3, 3, 56, 56])
    #expect(throws: OVError.self) {
      try call(
        Tensor([1, 2] as [Float], shape: [1, 2, 1]), Tensor([0, 0] as [Float], shape: [1, 2, 1]), .indices(3), ones, ones,
        Tensor([0, 0] as [Float], shape: [2, 1]))
    }
  }

  @Test func sequencesOfNoLengthEndAtZero() throws {
    let call = try OperatorCall("RNNSequence", 5, ["hidden_size": "1"], outputs: 2)
    let one = Tensor([1] as [Float], shape: [1, 1, 1])
    let outputs = try call(one, Tensor([7] as [Float], shape: [1, 1, 1]), .indices(0), one, one, Tensor([0] as [Float], shape: [1, 1]))
    #expect(outputs.map { $0.array(of: Float.self) } == [[0], [0]])
  }

  /// With peepholes and a coupled gate: f = 1 as its sum is far above 0, so the cell keeps its state and takes nothing in.
  @Test func oldCellsCoupleGates() throws {
    let call = try OperatorCall(
      "LSTMCell", 1, ["hidden_size": "1", "activations": "hardsigmoid,tanh,relu", "input_forget": "true"], outputs: 2)
    let outputs = try call(
      Tensor([1] as [Float], shape: [1, 1]), Tensor([0] as [Float], shape: [1, 1]), Tensor([3] as [Float], shape: [1, 1]),
      Tensor([0, 0, 5, 0] as [Float], shape: [4, 1]), Tensor([0, 0, 0, 0] as [Float], shape: [4, 1]),
      Tensor([0, 0, 0, 0] as [Float], shape: [4]), Tensor([9, 0, 9] as [Float], shape: [3]))
    #expect(outputs.map { $0.array(of: Float.self) } == [[3], [3]])
  }

  /// The probabilities of all ways to spell the labels in three steps of two classes and a blank, summed by hand.
  @Test(arguments: [("true", [0, 0], 1.0), ("true", [0, 1], 5.0), ("false", [0, 0], 3.0), ("false", [0, 1], 3.0)])
  func lossCountsSpellings(merges: String, labels: [Int64], spellings: Double) throws {
    let call = try OperatorCall("CTCLoss", 4, ["ctc_merge_repeated": merges])
    let loss = try call(
      Tensor([Float](repeating: 0, count: 9), shape: [1, 3, 3]), .indices(3), Tensor(labels + [0], shape: [1, 3]), .indices(2))
    let expected = 27 / spellings
    #expect(abs(exp(loss[0].doubles()[0]) - expected) < 1e-4 * expected)
  }

  @Test func lossRefusesTooManyLabels() throws {
    let call = try OperatorCall("CTCLoss", 4)
    #expect(throws: OVError.self) {
      try call(
        Tensor([Float](repeating: 0, count: 4), shape: [1, 2, 2]), .indices(1), Tensor([0, 0] as [Int64], shape: [1, 2]), .indices(2))
    }
  }

  @Test func decodersFillRows() throws {
    let data = Tensor([1, 0, 0, 1, 0, 0, 0, 0, 1, 1, 0, 0] as [Float], shape: [1, 4, 3])
    let lengths = try OperatorCall("CTCGreedyDecoderSeqLen", 6, ["classes_index_type": "i64"], outputs: 2)
    let merged = try lengths(data, .indices(4))
    #expect(merged[0].ints() == [0, 0, -1, -1] && merged[1].ints() == [2] && merged[1].elementType == .i32)
    #expect(try lengths(data, .indices(4), .index(0))[0].ints() == [2, -1, -1, -1])
    let masked = try OperatorCall("CTCGreedyDecoder", 1, ["ctc_merge_repeated": "false"])
    let turned = data.reshaped(to: [4, 1, 3])
    #expect(try masked(turned, Tensor([1, 1, 1, 0] as [Float], shape: [4, 1]))[0].ints() == [0, 0, -1, -1])
    #expect(throws: OVError.self) { try OperatorCall("CTCGreedyDecoderSeqLen", 6, ["sequence_length_type": "u8"]) }
  }
}
