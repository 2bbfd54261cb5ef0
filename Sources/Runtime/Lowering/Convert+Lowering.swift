import KernelCore
import Kernels

extension Convert: ElementwiseOperator {
  func lower(_ node: Node, _ builder: PlanBuilder) throws -> Bool {
    if destinationType == .boolean { return try builder.lowerComparisonWithZero(.notEqual, node) }
    let source = builder.input(0, of: node)
    let (from, to) = (Convert.name(source.elementType), Convert.name(destinationType))
    guard let from, let to, let conversion = Conversion(rawValue: "\(from)_\(to)"), source.isContiguous(source.order) else { return false }
    let target = builder.target(OutputID(node.id), order: source.order)
    let kernel = ConversionKernels.function(for: conversion, features: builder.environment.features)
    let (x, y, count) = (Place(source), Place(target.computed), source.elementCount)
    let (sourceSize, targetSize) = (source.elementSize, target.computed.elementSize)
    builder.emit(
      kernel: kernel.name, precision: destinationType, isParallel: count >= ElementLoops.parallelThreshold, operations: 0, reads: [source],
      writes: [target.computed]
    ) { memory, worker, workers in
      let (start, end) = share(of: count, worker: worker, workers: workers, granule: 64)
      if end > start { kernel.run(memory.address(x) + start * sourceSize, memory.address(y) + start * targetSize, end - start) }
    }
    target.finish(builder)
    return true
  }

  /// The kernels' name of a type that is read or written; a boolean is a byte of 0 or 1.
  private static func name(_ type: ElementType) -> String? {
    switch type {
    case .f32, .f16, .bf16, .i32, .i64, .u8, .i8: type.rawValue
    case .boolean: "u8"
    default: nil
    }
  }
}
