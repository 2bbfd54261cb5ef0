/// Applies a function of two operands to a plane of `rows` by `columns` elements.
///
/// Strides are from row to row in bytes. Along a row the output is dense, and so is each operand unless the function is for a
/// scalar in its place, which then is one element a row. The output may be an operand where every element's place is the same.
@usableFromInline package typealias BinaryFunction =
  @Sendable (
    _ a: UnsafeRawPointer, _ aStride: Int, _ b: UnsafeRawPointer, _ bStride: Int, _ output: UnsafeMutableRawPointer,
    _ outputStride: Int, _ rows: Int, _ columns: Int
  ) -> Void

/// The functions of an operation by what their operands are along a row.
@usableFromInline package struct BinaryFunctions: Sendable {
  package let vectorVector: BinaryFunction
  package let vectorScalar: BinaryFunction
  package let scalarVector: BinaryFunction

  @usableFromInline
  package init(vectorVector: @escaping BinaryFunction, vectorScalar: @escaping BinaryFunction, scalarVector: @escaping BinaryFunction) {
    self.vectorVector = vectorVector
    self.vectorScalar = vectorScalar
    self.scalarVector = scalarVector
  }

  /// Of one loop for all forms, by the operands' steps along a row: 0 for a scalar, which is read again and again.
  @inlinable @inline(__always)
  package init(steps function: (_ a: Int, _ b: Int) -> BinaryFunction) {
    self.init(vectorVector: function(1, 1), vectorScalar: function(1, 0), scalarVector: function(0, 1))
  }
}

/// A row of the table of binary kernels.
package struct BinaryKernel: KernelDescriptor {
  package let name: String
  package let requires: CPUFeatures
  package let operation: BinaryOperation
  /// The type of both operands.
  package let element: KernelElement
  package let functions: BinaryFunctions

  package init(
    name: String, requires: CPUFeatures, operation: BinaryOperation, element: KernelElement, functions: BinaryFunctions
  ) {
    self.name = name
    self.requires = requires
    self.operation = operation
    self.element = element
    self.functions = functions
  }
}

/// Which operands have one element a row instead of a row.
@usableFromInline package protocol OperandForm: SendableMetatype {
  static var isScalarA: Bool { get }
  static var isScalarB: Bool { get }
}

@usableFromInline package enum VectorVector: OperandForm {
  @inlinable @inline(__always) package static var isScalarA: Bool { false }
  @inlinable @inline(__always) package static var isScalarB: Bool { false }
}

@usableFromInline package enum VectorScalar: OperandForm {
  @inlinable @inline(__always) package static var isScalarA: Bool { false }
  @inlinable @inline(__always) package static var isScalarB: Bool { true }
}

@usableFromInline package enum ScalarVector: OperandForm {
  @inlinable @inline(__always) package static var isScalarA: Bool { true }
  @inlinable @inline(__always) package static var isScalarB: Bool { false }
}

/// The kernels of an operation for a vector type's instruction set, if it has any for operands of a type.
@inlinable @inline(__always)
package func binaryFunctions<V: FloatVector>(_: V.Type, _ operation: BinaryOperation, _ element: KernelElement) -> BinaryFunctions? {
  switch element {
  case .f32: binaryVectorFunctions(V.self, operation) ?? binaryF32Comparisons(V.self, operation)
  case .i32: binaryIntegerFunctions(V.self, Int32.self, operation) ?? binaryDivisions(V.self, operation)
  case .i64: binaryIntegerFunctions(V.self, Int64.self, operation)
  case .u8: binaryByteFunctions(V.self, operation)
  default: nil
  }
}

/// The kernels that compute with registers of floats.
@inlinable @inline(__always)
package func binaryVectorFunctions<V: FloatVector>(_: V.Type, _ operation: BinaryOperation) -> BinaryFunctions? {
  switch operation {
  case .add: vectorFunctions(V.self, BinaryFormulas.Add.self)
  case .subtract: vectorFunctions(V.self, BinaryFormulas.Subtract.self)
  case .multiply: vectorFunctions(V.self, BinaryFormulas.Multiply.self)
  case .divide: vectorFunctions(V.self, BinaryFormulas.Divide.self)
  case .maximum: vectorFunctions(V.self, BinaryFormulas.Maximum.self)
  case .minimum: vectorFunctions(V.self, BinaryFormulas.Minimum.self)
  case .squaredDifference: vectorFunctions(V.self, BinaryFormulas.SquaredDifference.self)
  case .prelu: vectorFunctions(V.self, BinaryFormulas.PRelu.self)
  default: nil
  }
}

@inlinable @inline(__always)
package func binaryF32Comparisons<V: FloatVector>(_: V.Type, _ operation: BinaryOperation) -> BinaryFunctions? {
  switch operation {
  case .equal: elementFunctions(V.self, ElementFormulas.Equal<Float>.self)
  case .notEqual: elementFunctions(V.self, ElementFormulas.NotEqual<Float>.self)
  case .less: elementFunctions(V.self, ElementFormulas.Less<Float>.self)
  case .lessEqual: elementFunctions(V.self, ElementFormulas.LessEqual<Float>.self)
  case .greater: elementFunctions(V.self, ElementFormulas.Greater<Float>.self)
  case .greaterEqual: elementFunctions(V.self, ElementFormulas.GreaterEqual<Float>.self)
  default: nil
  }
}

/// Divisions of 32-bit integers: as 64-bit floats they fit registers.
@inlinable @inline(__always)
package func binaryDivisions<V>(_: V.Type, _ operation: BinaryOperation) -> BinaryFunctions? {
  switch operation {
  case .divide: elementFunctions(V.self, ElementFormulas.Divide<Int32>.self)
  case .mod: elementFunctions(V.self, ElementFormulas.IntegerMod<Int32>.self)
  case .floorMod: elementFunctions(V.self, ElementFormulas.IntegerFloorMod<Int32>.self)
  default: nil
  }
}

/// The kernels of operations that go element by element on every machine.
package func binaryScalarFunctions(_ operation: BinaryOperation, _ element: KernelElement) -> BinaryFunctions? {
  switch (operation, element) {
  case (.power, .f32): steppedFunctions(ElementFormulas.Power.self)
  case (.mod, .f32): steppedFunctions(ElementFormulas.Mod.self)
  case (.floorMod, .f32): steppedFunctions(ElementFormulas.FloorMod.self)
  case (.divide, .i64): steppedFunctions(ElementFormulas.Divide<Int64>.self)
  case (.mod, .i64): steppedFunctions(ElementFormulas.IntegerMod<Int64>.self)
  case (.floorMod, .i64): steppedFunctions(ElementFormulas.IntegerFloorMod<Int64>.self)
  default: nil
  }
}

/// For functions that take longer than to read a scalar again.
@inline(__always)
private func steppedFunctions<F: ElementFormula>(_: F.Type) -> BinaryFunctions {
  BinaryFunctions { aStep, bStep in
    { a, aStride, b, bStride, output, outputStride, rows, columns in
      runSteps(F.self, a, aStride, aStep, b, bStride, bStep, output, outputStride, rows, columns)
    }
  }
}

@inline(never)
private func runSteps<F: ElementFormula>(
  _: F.Type, _ a: UnsafeRawPointer, _ aStride: Int, _ aStep: Int, _ b: UnsafeRawPointer, _ bStride: Int, _ bStep: Int,
  _ output: UnsafeMutableRawPointer, _ outputStride: Int, _ rows: Int, _ columns: Int
) {
  for row in 0..<rows {
    let x = (a + row &* aStride).assumingMemoryBound(to: F.Input.self)
    let y = (b + row &* bStride).assumingMemoryBound(to: F.Input.self)
    let z = (output + row &* outputStride).assumingMemoryBound(to: F.Output.self)
    if aStep == 1 && bStep == 1 {
      for i in 0..<columns { z[i] = F.apply(x[i], y[i]) }
    } else {
      for i in 0..<columns { z[i] = F.apply(x[i &* aStep], y[i &* bStep]) }
    }
  }
}

@inlinable @inline(__always)
package func binaryIntegerFunctions<V: FloatVector, T: FixedWidthInteger & BitwiseCopyable>(
  _: V.Type, _: T.Type, _ operation: BinaryOperation
) -> BinaryFunctions? {
  switch operation {
  case .add: elementFunctions(V.self, ElementFormulas.Add<T>.self)
  case .subtract: elementFunctions(V.self, ElementFormulas.Subtract<T>.self)
  case .multiply: elementFunctions(V.self, ElementFormulas.Multiply<T>.self)
  case .maximum: elementFunctions(V.self, ElementFormulas.Maximum<T>.self)
  case .minimum: elementFunctions(V.self, ElementFormulas.Minimum<T>.self)
  case .squaredDifference: elementFunctions(V.self, ElementFormulas.SquaredDifference<T>.self)
  case .equal: elementFunctions(V.self, ElementFormulas.Equal<T>.self)
  case .notEqual: elementFunctions(V.self, ElementFormulas.NotEqual<T>.self)
  case .less: elementFunctions(V.self, ElementFormulas.Less<T>.self)
  case .lessEqual: elementFunctions(V.self, ElementFormulas.LessEqual<T>.self)
  case .greater: elementFunctions(V.self, ElementFormulas.Greater<T>.self)
  case .greaterEqual: elementFunctions(V.self, ElementFormulas.GreaterEqual<T>.self)
  default: nil
  }
}

/// Bytes include booleans (0 or 1); there is no arithmetic on them.
@inlinable @inline(__always)
package func binaryByteFunctions<V: FloatVector>(_: V.Type, _ operation: BinaryOperation) -> BinaryFunctions? {
  switch operation {
  case .equal: elementFunctions(V.self, ElementFormulas.Equal<UInt8>.self)
  case .notEqual: elementFunctions(V.self, ElementFormulas.NotEqual<UInt8>.self)
  case .logicalAnd: elementFunctions(V.self, ElementFormulas.LogicalAnd.self)
  case .logicalOr: elementFunctions(V.self, ElementFormulas.LogicalOr.self)
  case .logicalXor: elementFunctions(V.self, ElementFormulas.LogicalXor.self)
  default: nil
  }
}

@inlinable @inline(__always)
package func vectorFunctions<V: FloatVector, F: BinaryFormula>(_: V.Type, _: F.Type) -> BinaryFunctions {
  BinaryFunctions(
    vectorVector: vectorFunction(V.self, F.self, VectorVector.self), vectorScalar: vectorFunction(V.self, F.self, VectorScalar.self),
    scalarVector: vectorFunction(V.self, F.self, ScalarVector.self))
}

@inlinable @inline(__always)
package func elementFunctions<V, F: ElementFormula>(_: V.Type, _: F.Type) -> BinaryFunctions {
  BinaryFunctions(
    vectorVector: elementFunction(V.self, F.self, VectorVector.self), vectorScalar: elementFunction(V.self, F.self, VectorScalar.self),
    scalarVector: elementFunction(V.self, F.self, ScalarVector.self))
}

@inlinable @inline(__always)
package func vectorFunction<V: FloatVector, F: BinaryFormula, Form: OperandForm>(_: V.Type, _: F.Type, _: Form.Type) -> BinaryFunction {
  { a, aStride, b, bStride, output, outputStride, rows, columns in
    let lanes = V.lanes
    for row in 0..<rows {
      let x = (a + row &* aStride).assumingMemoryBound(to: Float.self)
      let y = (b + row &* bStride).assumingMemoryBound(to: Float.self)
      let z = (output + row &* outputStride).assumingMemoryBound(to: Float.self)
      let xScalar = Form.isScalarA ? V.splat(x[0]) : V.zero()
      let yScalar = Form.isScalarB ? V.splat(y[0]) : V.zero()
      var i = 0
      while i &+ 2 &* lanes <= columns {
        let x0 = Form.isScalarA ? xScalar : V.load(x + i)
        let x1 = Form.isScalarA ? xScalar : V.load(x + i + lanes)
        let y0 = Form.isScalarB ? yScalar : V.load(y + i)
        let y1 = Form.isScalarB ? yScalar : V.load(y + i + lanes)
        F.apply(x0, y0).store(z + i)
        F.apply(x1, y1).store(z + i + lanes)
        i &+= 2 &* lanes
      }
      while i < columns {
        let step = Swift.min(lanes, columns &- i)
        let x0 = Form.isScalarA ? xScalar : V.load(x + i, count: step)
        let y0 = Form.isScalarB ? yScalar : V.load(y + i, count: step)
        F.apply(x0, y0).store(z + i, count: step)
        i &+= step
      }
    }
  }
}

/// The vector type only keeps the instruction sets' code apart.
@inlinable @inline(__always)
package func elementFunction<V, F: ElementFormula, Form: OperandForm>(_: V.Type, _: F.Type, _: Form.Type) -> BinaryFunction {
  { a, aStride, b, bStride, output, outputStride, rows, columns in
    for row in 0..<rows {
      let x = (a + row &* aStride).assumingMemoryBound(to: F.Input.self)
      let y = (b + row &* bStride).assumingMemoryBound(to: F.Input.self)
      let z = (output + row &* outputStride).assumingMemoryBound(to: F.Output.self)
      if Form.isScalarA {
        let scalar = x[0]
        for i in 0..<columns { z[i] = F.apply(scalar, y[i]) }
      } else if Form.isScalarB {
        let scalar = y[0]
        for i in 0..<columns { z[i] = F.apply(x[i], scalar) }
      } else {
        for i in 0..<columns { z[i] = F.apply(x[i], y[i]) }
      }
    }
  }
}
