import KernelCore
import Kernels

extension RecurrentSequence: LowerableOperator {
  /// LSTM sequences of full length with the default activations: one product for the inputs of all steps, then a product and a cell
  /// a step.
  func lower(_ node: Node, _ builder: PlanBuilder) throws -> Bool {
    let shapes = node.inputs.map { builder.model.type(of: $0).shape.shape! }
    let (batch, time, inputSize) = (shapes[0][0], shapes[0][1], shapes[0][2])
    guard unit.kind == .lstm, unit.hasDefaultActivations, builder.model.type(of: node.inputs[0]).elementType == .f32, batch > 0, time > 0,
      let lengths = try builder.constant(node.inputs[lengthsIndex])?.ints(), lengths.allSatisfy({ $0 == time }),
      let w = try builder.weights(lengthsIndex + 1, of: node), let r = try builder.weights(lengthsIndex + 2, of: node),
      let b = try builder.constant(node.inputs[lengthsIndex + 3]), let wStored = WeightType(w.elementType),
      let rStored = WeightType(r.elementType)
    else { return false }
    let precision = builder.environment.precision
    let (wType, rType) = precision == .f16 ? (.f16, .f16) : (wStored, rStored)
    let size = unit.hiddenSize
    let (gates, clip) = (4 * size, Float(unit.clip))
    let directions = direction.isBackward
    let x = builder.denseInput(0, of: node)
    let initial = [1, 2].map { builder.denseInput($0, of: node) }
    let outputs = (0..<3).map { index -> ImageOperands.Target in
      builder.target(OutputID(node.id, index), order: .rowMajor(rank: node.outputs[index].type.shape.rank!))
    }
    // The products of the inputs with W plus the bias, a row a step and sequence; the state of the running step.
    let products = builder.temporary(.f32, [batch * time, gates])
    let sums = builder.temporary(.f32, [batch, gates])
    let features = builder.environment.features
    var inputParameters = GEMMParameters(rows: batch * time, columns: gates, depth: inputSize, b: .constant(wType))
    inputParameters.aRowStride = inputSize
    let inputProduct = GEMMF32(inputParameters, epilogue: Epilogue(hasBias: true), workers: 1, features: features)
    var stepParameters = GEMMParameters(rows: batch, columns: gates, depth: size, b: .constant(rType))
    stepParameters.aRowStride = directions.count * size
    stepParameters.residualRowStride = time * gates
    let stepProduct = GEMMF32(stepParameters, epilogue: Epilogue(hasResidual: true), workers: 1, features: features)
    let cell = RecurrentKernels.function(for: .lstm, features: features)
    let scratch = builder.scratch(max(inputProduct.scratchByteCount, stepProduct.scratchByteCount))
    for (d, isBackward) in directions.enumerated() {
      func packed(_ gemm: GEMMF32, _ weights: Tensor, _ type: WeightType, _ index: Int) -> View {
        builder.derivedConstant(
          from: node.inputs[lengthsIndex + index], kind: "\(gemm.kernelName) of \(type) direction \(d)",
          byteCount: gemm.packedWeightsByteCount
        ) { bytes in
          weights.withUnsafeBytes { source in
            gemm.packWeights(from: source.baseAddress! + d * source.count / directions.count, type, transposed: true, into: bytes)
          }
        }
      }
      let (inputWeights, stepWeights) = (packed(inputProduct, w, wStored, 1), packed(stepProduct, r, rStored, 2))
      let bias = builder.derivedConstant(from: node.inputs[lengthsIndex + 3], kind: "bias direction \(d)", byteCount: 4 * gates) { bytes in
        let numbers = b.doubles()[(d * gates)..<((d + 1) * gates)]
        for (i, number) in numbers.enumerated() { bytes.storeBytes(of: Float(number), toByteOffset: 4 * i, as: Float.self) }
      }
      let places = [x, initial[0], initial[1], outputs[0].computed, outputs[1].computed, outputs[2].computed, products, sums].map {
        Place($0)
      }
      let constants = [inputWeights, stepWeights, bias, scratch].map { Place($0) }
      let stateStride = directions.count * size
      builder.emit(
        kernel: cell.name, operations: 2 * batch * time * gates * (inputSize + size),
        reads: [x, inputWeights, stepWeights, bias] + initial, writes: outputs.map(\.computed) + [products, sums, scratch]
      ) { memory, _, _ in
        let (hidden, state) = (memory.floats(places[4]) + d * size, memory.floats(places[5]) + d * size)
        for row in 0..<batch {
          (hidden + row * stateStride).update(from: memory.floats(places[1]) + (row * stateStride + d * size), count: size)
          (state + row * stateStride).update(from: memory.floats(places[2]) + (row * stateStride + d * size), count: size)
        }
        inputProduct.run(
          a: memory.floats(places[0]), b: memory.address(constants[0]), bias: memory.floats(constants[2]), residual: nil,
          c: memory.floats(places[6]),
          scratch: memory.address(constants[3]), worker: 0, workers: 1)
        for step in 0..<time {
          let t = isBackward ? time - 1 - step : step
          stepProduct.run(
            a: hidden, b: memory.address(constants[1]), bias: nil, residual: memory.floats(places[6]) + t * gates,
            c: memory.floats(places[7]),
            scratch: memory.address(constants[3]), worker: 0, workers: 1)
          cell.run(
            RecurrentRows(memory.floats(places[7]), stride: gates), RecurrentRows(state, stride: stateStride),
            RecurrentRows(state, stride: stateStride),
            RecurrentRows(hidden, stride: stateStride), batch, size, clip, 0, 1)
          for row in 0..<batch {
            (memory.floats(places[3]) + ((row * directions.count + d) * time + t) * size).update(
              from: hidden + row * stateStride, count: size)
          }
        }
      }
    }
    for output in outputs { output.finish(builder) }
    return true
  }
}

extension RecurrentUnit {
  /// Whether the activations are the kind's own.
  var hasDefaultActivations: Bool { activations.map(\.function) == kind.defaultActivations }
}
