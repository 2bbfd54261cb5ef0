/// A value seen as a dense [outer, middle, inner] tensor, the middle axis standing for some neighbouring axes of the value.
struct AxisSpan {
  let view: View
  let outer: Int
  let middle: Int
  let inner: Int

  /// Sees `view` so that the middle is `axes`; `nil` when they are not neighbours in memory or there are gaps.
  init?(_ view: View, axes: Set<Int>) {
    let order = view.order
    guard view.isContiguous(order) else { return nil }
    let large = order.axes.filter { view.shape[$0] != 1 }
    let positions = large.indices.filter { axes.contains(large[$0]) }
    if let first = positions.first, let last = positions.last {
      guard last - first + 1 == positions.count else { return nil }
      outer = large[..<first].reduce(1) { $0 * view.shape[$1] }
      middle = large[first...last].reduce(1) { $0 * view.shape[$1] }
      inner = large[(last + 1)...].reduce(1) { $0 * view.shape[$1] }
    } else {
      (outer, middle, inner) = (view.elementCount, 1, 1)
    }
    self.view = view
  }
}

extension PlanBuilder {
  /// The operand as [outer, middle, inner], copied with `axes` innermost when it lies otherwise, or always unless they are so.
  func span(_ index: Int, of node: Node, axes: Set<Int>, areInnermost: Bool = false) -> AxisSpan {
    let view = input(index, of: node)
    if let span = AxisSpan(view, axes: axes), !areInnermost || span.inner == 1 { return span }
    let all = view.shape.indices
    let copy = temporary(
      view.elementType, view.shape, order: AxisOrder(axes: all.filter { !axes.contains($0) } + all.filter(axes.contains)))
    emitCopy(from: view, to: copy)
    return AxisSpan(copy, axes: axes)!
  }

  /// Memory for an output that a kernel writes in an order of axes without gaps, and where the value is to lie in the end.
  func target(_ output: OutputID, order: AxisOrder) -> ImageOperands.Target {
    let final = allocate(output, order: order)
    if final.isContiguous(order) { return ImageOperands.Target(computed: final, final: final) }
    return ImageOperands.Target(computed: temporary(final.elementType, final.shape, order: order), final: final)
  }
}
