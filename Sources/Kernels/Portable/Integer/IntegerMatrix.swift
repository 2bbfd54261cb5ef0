import KernelCore

/// Tiles of I32x4.
enum I32x4Tiles: IntegerTiles {
  typealias Vector = I32x4

  @inline(__always) static func rows(width: Int) -> Int { 2 }

  @inline(__always) static func compute(rows: Int, width: Int, _ tiles: UnsafePointer<IntegerTileColumn>) {
    @inline(__always) func tile<let Rows: Int, let Width: Int>(
      _ rows: InlineArray<Rows, Void>.Type, _ width: InlineArray<Width, Void>.Type
    ) {
      computeIntegerTiles(Vector.self, rows, width, tiles)
    }
    switch (width, rows) {
    case (2, 2): tile(InlineArray<2, Void>.self, InlineArray<2, Void>.self)
    case (2, 1): tile(InlineArray<1, Void>.self, InlineArray<2, Void>.self)
    case (1, 2): tile(InlineArray<2, Void>.self, InlineArray<1, Void>.self)
    default: tile(InlineArray<1, Void>.self, InlineArray<1, Void>.self)
    }
  }
}

package func matrix_u8i8_2x8_portable(_ block: UnsafePointer<IntegerBlock>) {
  computeIntegerBlock(I32x4Tiles.self, block)
}

package func winograd4x4Input_u8i8_portable(_ input: UnsafePointer<IntegerWinogradInput>) {
  transformIntegerWinogradInput(I32x4.self, InlineArray<6, Void>.self, input)
}

package func winograd4x4Output_u8i8_portable(_ output: UnsafePointer<IntegerWinogradOutput>) {
  transformIntegerWinogradOutput(I32x4.self, InlineArray<6, Void>.self, InlineArray<4, Void>.self, output)
}

package func winograd2x2Input_u8i8_portable(_ input: UnsafePointer<IntegerWinogradInput>) {
  transformIntegerWinogradInput(I32x4.self, InlineArray<4, Void>.self, input)
}

package func winograd2x2Output_u8i8_portable(_ output: UnsafePointer<IntegerWinogradOutput>) {
  transformIntegerWinogradOutput(I32x4.self, InlineArray<4, Void>.self, InlineArray<2, Void>.self, output)
}

package func matrix_i16_4x8_portable(_ product: UnsafePointer<IntegerWinogradProduct>) {
  multiplyIntegerWinograd(I32x4.self, InlineArray<4, Void>.self, InlineArray<2, Void>.self, product)
}
