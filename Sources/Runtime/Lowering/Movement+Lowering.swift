import KernelCore
import Kernels

/// An operator that only moves its first operand's elements, to places that its constant operands decide.
protocol MovementOperator: LowerableOperator {}

extension MovementOperator {
  func lower(_ node: Node, _ builder: PlanBuilder) throws -> Bool { try lowerMovement(node, builder) }

  /// Lets the reference move the elements' own numbers instead of the elements: that is the map by which the step then copies.
  func lowerMovement(_ node: Node, _ builder: PlanBuilder) throws -> Bool {
    let shape = node.outputs[0].type.shape.shape!
    let source = builder.model.type(of: node.inputs[0])
    guard node.outputs.count == 1, !source.elementType.isPacked, let extents = source.shape.shape,
      extents.elementCount <= ElementMap.limit, shape.elementCount <= ElementMap.limit, !shape.contains(0), !extents.contains(0)
    else { return false }
    var operands = [Tensor(.i64, shape: extents, ints: Array(1...extents.elementCount))]
    for index in 1..<max(1, node.inputs.count) {
      guard let value = try builder.constant(node.inputs[index]) else { return false }
      operands.append(value)
    }
    guard let moved = try? evaluated(operands, EvaluationContext(node: node)), moved[0].shape == shape else { return false }
    let map = ElementMap(sources: moved[0].ints().map { $0 - 1 }, elementSize: source.elementType.bitWidth / 8)
    let from = builder.denseInput(0, of: node)
    let target = builder.target(OutputID(node.id), order: .rowMajor(rank: shape.count))
    let (x, y) = (Place(from), Place(target.computed))
    builder.emit(
      kernel: "copy_runs", precision: source.elementType, isParallel: shape.elementCount >= ElementLoops.parallelThreshold, reads: [from],
      writes: [target.computed]
    ) { memory, worker, workers in
      map.run(memory.address(x), memory.address(y), worker, workers)
    }
    target.finish(builder)
    return true
  }
}

extension Roll: MovementOperator {}
extension Reverse: MovementOperator {}
extension ShuffleChannels: MovementOperator {}
extension DepthToSpace: MovementOperator {}
extension SpaceToDepth: MovementOperator {}
extension BatchToSpace: MovementOperator {}
extension SpaceToBatch: MovementOperator {}
extension ReorgYolo: MovementOperator {}
extension ExtractImagePatches: MovementOperator {}

/// Where each element of an output comes from, as runs of neighbours.
private struct ElementMap: Sendable {
  /// Beyond this many elements a map is no longer small beside the tensors.
  static let limit = 1 << 20

  /// A run: its first element in the source (−1: zeros), in the target, and how long it is.
  private let runs: [(source: Int, target: Int, count: Int)]
  private let elementSize: Int

  init(sources: [Int], elementSize: Int) {
    var runs: [(source: Int, target: Int, count: Int)] = []
    for (target, source) in sources.enumerated() {
      if let last = runs.last, source < 0 ? last.source < 0 : last.source >= 0 && last.source + last.count == source {
        runs[runs.count - 1].count += 1
      } else {
        runs.append((source, target, 1))
      }
    }
    self.runs = runs
    self.elementSize = elementSize
  }

  func run(_ from: UnsafeMutableRawPointer, _ to: UnsafeMutableRawPointer, _ worker: Int, _ workers: Int) {
    let (start, end) = share(of: runs.count, worker: worker, workers: workers)
    for index in start..<max(start, end) {
      let run = runs[index]
      let (place, bytes) = (to + run.target * elementSize, run.count * elementSize)
      if run.source < 0 {
        place.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
      } else {
        place.copyMemory(from: from + run.source * elementSize, byteCount: bytes)
      }
    }
  }
}
