#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The last layer of YOLO networks: logistic functions of box centres, objectness and classes, or a softmax of the classes.
///
/// Operand: `[batch, regions·(coords + classes + 1), height, width]`. With `do_softmax` (YOLO v2) there are `num` regions and the
/// axes from `axis` to `end_axis` are merged; otherwise (YOLO v3) there is a region for each element of `mask`.
struct RegionYolo: Operator {
  let coordinateCount: Int
  let classCount: Int
  let regionCount: Int
  let usesSoftmax: Bool
  let axis: Int
  let endAxis: Int

  init(_ node: Node) throws {
    coordinateCount = try node.attributes.positiveInt("coords")
    classCount = try node.attributes.positiveInt("classes")
    usesSoftmax = try node.attributes.bool("do_softmax", default: true)
    let mask = try node.attributes.ints("mask", default: [])
    regionCount = usesSoftmax ? try node.attributes.positiveInt("num") : mask.count
    axis = try node.attributes.int("axis")
    endAxis = try node.attributes.int("end_axis")
    guard coordinateCount >= 2 else { throw OVError(.invalidModel, "coords is \(coordinateCount)", suggestion: "it is at least 2") }
    guard regionCount > 0 else { throw OVError(.invalidModel, "mask is empty", suggestion: "it names a region at least") }
  }

  private var entryCount: Int { coordinateCount + classCount + 1 }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(1...1)
    let type = try operands.commonRealType(of: [0])
    var extents = try operands.extents(0, rank: 4, "the input")
    extents[1] = try extents[1].agreeing(with: Dimension(regionCount * entryCount), "the channels")
    guard usesSoftmax else { return [ValueType(type, PartialShape(extents))] }
    let (first, last) = (try normalizedAxis(axis, rank: 4), try normalizedAxis(endAxis, rank: 4))
    guard first <= last else { throw invalid("axis \(axis) stands behind end_axis \(endAxis)") }
    let merged = extents[first...last].reduce(1) { $0 * $1 }
    return [ValueType(type, PartialShape(extents[..<first] + [merged] + extents[(last + 1)...]))]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let shape = operands[0].shape
    let area = shape[2] * shape[3]
    var values = operands[0].doubles()
    func logistic(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
    for region in 0..<shape[0] * regionCount {
      for pixel in 0..<area {
        /// Where entry `index` of the region stands.
        func entry(_ index: Int) -> Int { (region * entryCount + index) * area + pixel }
        for index in 0..<2 { values[entry(index)] = logistic(values[entry(index)]) }
        values[entry(coordinateCount)] = logistic(values[entry(coordinateCount)])
        let classes = (coordinateCount + 1..<entryCount).map { entry($0) }
        let greatest = usesSoftmax ? classes.map { values[$0] }.max()! : 0
        let sum = usesSoftmax ? classes.reduce(0) { $0 + exp(values[$1] - greatest) } : 0
        for index in classes { values[index] = usesSoftmax ? exp(values[index] - greatest) / sum : logistic(values[index]) }
      }
    }
    return [Tensor(operands[0].elementType, shape: try outputShape(operands), doubles: values)]
  }
}
