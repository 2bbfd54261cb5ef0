import Foundation
import Testing

@testable import OVRuntime

#if canImport(Glibc)
import Glibc
#endif

/// What an inference must not do: depend on the number of threads, keep processors busy when it is over.
@Suite struct InferenceCostTests {
  /// A network with each kind of convolution, pooling, a residual, squeeze and excite, and a product.
  static func network() -> Model {
    var random = SeededGenerator(seed: 23)
    var graph = GraphBuilder()
    func attributes(stride: Int = 1, pad: Int) -> Attributes {
      [
        "strides": "\(stride),\(stride)", "pads_begin": "\(pad),\(pad)", "pads_end": "\(pad),\(pad)", "dilations": "1,1",
        "auto_pad": "explicit",
      ]
    }
    func convolution(_ input: OutputID, _ shape: Shape, stride: Int = 1, activation: String = "Relu") -> OutputID {
      let weights = graph.constant(random.tensor(shape))
      let pad = shape[shape.count - 1] / 2
      let sum = graph.node(shape.count == 5 ? "GroupConvolution" : "Convolution", [input, weights], attributes(stride: stride, pad: pad))
      return graph.node(activation, [sum])
    }
    let input = graph.parameter(Shape([1, 3, 37, 41]))
    let stem = convolution(input, [16, 3, 7, 7], stride: 2)
    let pooled = graph.node(
      "MaxPool", [stem],
      [
        "strides": "2,2", "pads_begin": "1,1", "pads_end": "1,1", "kernel": "3,3", "rounding_type": "floor", "auto_pad": "explicit",
      ])
    let wide = convolution(pooled, [72, 16, 1, 1])
    let deep = convolution(wide, [72, 72, 3, 3])
    let each = convolution(deep, [72, 1, 1, 3, 3], activation: "Sigmoid")
    let sum = graph.node("Add", [convolution(each, [72, 72, 1, 1]), wide])
    let axes = graph.constant(Tensor([Int64(2), 3], shape: [2]))
    let mean = graph.node("ReduceMean", [sum, axes], ["keep_dims": "true"])
    let excited = graph.node("Multiply", [sum, convolution(mean, [72, 72, 1, 1], activation: "Sigmoid")])
    let pooledAgain = graph.node("ReduceMean", [excited, axes], ["keep_dims": "false"])
    let scores = graph.node(
      "MatMul", [pooledAgain, graph.constant(random.tensor([10, 72]))], ["transpose_a": "false", "transpose_b": "true"])
    graph.result(graph.node("Softmax", [scores], opset: 8, ["axis": "1"]))
    return graph.model
  }

  static func request(threads: Int) throws -> InferRequest {
    let request = try CompiledModel(network(), CompileOptions(threads: threads)).makeRequest()
    var random = SeededGenerator(seed: 29)
    try request.setInput(0, random.tensor([1, 3, 37, 41]))
    return request
  }

  @Test func anyNumberOfThreadsGivesTheSameBits() throws {
    var first: [UInt32]?
    for threads in [1, 2, 3, 4, 8] {
      let request = try Self.request(threads: threads)
      for _ in 0..<5 {
        try request.infer()
        let bits = try request.output(0).array(of: Float.self).map(\.bitPattern)
        #expect(bits == first ?? bits, "\(threads) threads")
        first = bits
      }
    }
  }

  #if os(Linux) && canImport(Glibc)
  /// Processor time of this process in seconds.
  static func processorTime() -> Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) * 1e-6 }
    return seconds(usage.ru_utime) + seconds(usage.ru_stime)
  }

  @Test func idleTeamsSleep() async {
    await #expect(processExitsWith: .success) {
      let requests = try (0..<2).map { _ in try InferenceCostTests.request(threads: 2) }
      for request in requests { for _ in 0..<20 { try request.infer() } }
      // A thread may spin for a moment after its last step.
      usleep(50_000)
      let before = InferenceCostTests.processorTime()
      usleep(400_000)
      let busy = InferenceCostTests.processorTime() - before
      precondition(busy < 0.04, "\(busy) s of 0.4 s")
    }
  }
  #endif
}
